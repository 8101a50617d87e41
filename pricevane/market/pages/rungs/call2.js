
const number = location.pathname.match(/\/(\d+)-/)[1];
fetch("/api/v2/offers?article=" + number)
  .then((reply) => reply.json())
  .then(({offers: [offer]}) => draw(offer.name, offer.gross, offer.before, offer.orderable));
