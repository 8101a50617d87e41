"use strict";

const app = document.getElementById("app");

function put(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  app.append(element);
  return element;
}

function render(product) {
  document.title = product.name;
  put("h1", "name", product.name);
  put("img", "photo", "").src = product.image;
  if (product.was) put("s", "was", product.was);
  put("p", "price", product.price);
  put("p", "stock", product.stock);
  const script = document.createElement("script");
  script.type = "application/ld+json";
  script.textContent = JSON.stringify(product.ld);
  document.head.append(script);
}

fetch("/private/track.json").catch(() => undefined);
fetch(`/api/products/${app.dataset.product}.json`)
  .then((reply) => reply.json())
  .then(render);
