
const {product} = window.__SHOP_STATE__;
draw(product.name, product.price, product.was, product.available);
