
fetch("/api/offer?sku=" + document.getElementById("app").dataset.sku)
  .then((reply) => reply.json())
  .then((offer) => draw(offer.name, offer.price, offer.was, offer.available));
