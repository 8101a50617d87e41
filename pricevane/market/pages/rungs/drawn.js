
const [name, price, was, available] = atob(document.getElementById("app").dataset.x.split("").reverse().join("")).split("|");
draw(name, price, was, available === "1");
