"use strict";

function put(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  document.getElementById("app").append(element);
}

function draw(name, price, was, available) {
  document.title = name + " | Rung & Step";
  put("h1", "product-name", name);
  if (was) put("del", "old-price", "€" + was);
  put("p", "price", "€" + price);
  put("p", "availability", available ? "In stock" : "Sold out");
  if (available) put("button", "add-to-cart", "Add to cart");
  put("h2", "description-title", "Description");
  put("p", "description", name + " is made to last by people who use it themselves. It comes in a plain box, "
    + "is cleaned with a damp cloth, and goes well with everything else that we make. Measure the place where it is "
    + "to stand before you order, and tell us if it should ever fail you: we repair what we sell.");
}
