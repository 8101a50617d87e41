// Texts whose contrast (WCAG 2.2, 1.4.3) with what lies behind them is below 4.5.
() => {
  const channels = (css) => css.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) =>
    [[r, 0.2126], [g, 0.7152], [b, 0.0722]]
      .map(([c, weight]) => weight * (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4))
      .reduce((a, b) => a + b);
  const behind = (node) => {
    const colour = channels(getComputedStyle(node).backgroundColor);
    return colour.length === 3 || colour[3] > 0 ? colour : node.parentElement ? behind(node.parentElement) : [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = [];
  let seen = 0;
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
    seen += 1;
    const [a, b] = [light(channels(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(walker.currentNode.data.trim());
  }
  return { seen, poor };
}
