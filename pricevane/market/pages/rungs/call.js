
const number = location.pathname.match(/\/(\d+)-/)[1];
fetch("/related?for=" + number).then((reply) => reply.json());
fetch("/api/v1/articles/" + number + "?_=" + Date.now())
  .then((reply) => reply.json())
  .then(({article}) => {
    const {amountMinor, wasMinor} = article.pricing;
    const shown = (minor) => minor && (minor / 100).toFixed(2);
    draw(article.title, shown(amountMinor), shown(wasMinor), article.stock.state === "IN_STOCK");
  });
