// What tests/web/test_access.py asks an open page. Each look returns the faults that it finds, a line each.
window.looks = (() => {
  const GROUND = /rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)/;

  // Every element of the page, those inside of elements of our own too.
  function* every(selector, root = document) {
    for (const each of root.querySelectorAll("*")) {
      if (each.matches(selector)) yield each;
      if (each.shadowRoot) yield* every(selector, each.shadowRoot);
    }
  }
  const text = () => document.querySelector("main");
  const shown = (each) => each.checkVisibility({ visibilityProperty: true }) && each.getClientRects().length > 0;
  const line = (each) => each.outerHTML.replace(/\s+/g, " ").slice(0, 120);
  const name = (each) => (each.getAttribute("aria-label") ?? each.innerText ?? each.textContent).trim();
  const above = (each) => each.parentElement ?? each.getRootNode().host;

  function headings() {
    const levels = [...every("h1, h2, h3, h4, h5, h6")].filter(shown).map((each) => [+each.tagName[1], name(each)]);
    const faults = [];
    const first = levels.filter(([level]) => level === 1);
    if (first.length !== 1) faults.push(`${first.length} headings of the first level`);
    levels.forEach(([level, text], at) => {
      if (level > (levels[at - 1]?.[0] ?? 0) + 1) faults.push(`a level is left out before "${text}"`);
    });
    return faults;
  }

  function tables() {
    const faults = [];
    for (const table of every("table")) {
      if (table.closest('[role="presentation"]')) continue;
      if (![...table.rows].some((row) => row.querySelector("th"))) faults.push(`without a header: ${line(table)}`);
      for (const head of table.querySelectorAll("th"))
        if (!head.textContent.trim()) faults.push(`an empty header: ${line(table)}`);
    }
    return faults;
  }

  function links() {
    const faults = [];
    let before;
    for (const link of every("a[href]")) {
      if (!shown(link)) continue;
      const text = name(link) || link.title || link.querySelector("img, svg")?.getAttribute("alt") || "";
      if (!text) faults.push(`without a name: ${line(link)}`);
      if (/^(here|click here|this|link|more|read more)$/i.test(text)) faults.push(`says nothing: ${line(link)}`);
      const beside = before && before.parentElement === link.parentElement && !link.closest("nav");
      if (beside && before.innerText === link.innerText && before.href !== link.href)
        faults.push(`two neighbours of one name: ${line(before)} ${line(link)}`);
      before = link;
    }
    return faults;
  }

  function images() {
    const faults = [];
    for (const each of every("img, svg, canvas", text())) {
      if (!shown(each)) continue;
      const own = each.getAttribute("alt") ?? each.getAttribute("aria-label") ?? each.querySelector("title")?.textContent;
      const silent = each.closest('[aria-hidden="true"], [role="presentation"], button, summary, label');
      if (!own && !each.getAttribute("aria-labelledby") && !silent && above(each)?.role !== "img")
        faults.push(`without words: ${line(each)}`);
    }
    return faults;
  }

  // Where the keyboard goes, it can be seen: something about the element changes.
  function focus() {
    const look = (each) =>
      [each, ...each.querySelectorAll(":scope > span, :scope > label")]
        .flatMap((part) => [getComputedStyle(part), getComputedStyle(part, "::after")])
        .map((style) => [style.outlineStyle, style.outlineWidth, style.boxShadow, style.outlineColor].join(" "))
        .join("; ");
    document.activeElement?.blur();
    const faults = [];
    const targets = 'a[href], button, summary, input:not([type="hidden"]), select, textarea, [tabindex="0"]';
    for (const each of every(targets)) {
      if (!shown(each) || each.disabled || each.tabIndex < 0 || each.matches(".hb-editor textarea")) continue;
      const before = look(each);
      each.focus({ preventScroll: true });
      if (each.getRootNode().activeElement !== each) faults.push(`takes no focus: ${line(each)}`);
      else if (look(each) === before) faults.push(`shows no focus: ${line(each)}`);
      else if (getComputedStyle(each).opacity < 0.5) faults.push(`is not seen itself: ${line(each)}`);
      each.blur();
    }
    return faults;
  }

  // What scrolls sideways can be reached, and says what it is.
  function boxes() {
    const faults = [];
    for (const each of every("*", text())) {
      if (each.scrollWidth <= each.clientWidth || !shown(each)) continue;
      if (!/auto|scroll/.test(getComputedStyle(each).overflowX)) continue;
      const named = each.tabIndex === 0 && each.getAttribute("role") && each.getAttribute("aria-label");
      if (!named && !each.matches("textarea") && !each.querySelector('[contenteditable="true"]')) faults.push(`scrolls without focus or name: ${line(each)}`);
    }
    return faults;
  }

  // What stands beyond the edge of the window and in no box that scrolls.
  function beyond() {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    const out = [...every("*", document.body)].filter((each) => {
      if (!shown(each) || each.getBoundingClientRect().right <= wide + 1) return false;
      for (let box = above(each); box && box !== document.body; box = above(box))
        if (/auto|scroll|hidden|clip/.test(getComputedStyle(box).overflowX)) return false;
      return true;
    });
    return [`scrolls to ${document.documentElement.scrollWidth} of ${wide}`, ...out.slice(-2).map(line)];
  }

  const parts = (colour) => {
    const [, r, g, b, a = 1] = GROUND.exec(colour) ?? [0, 0, 0, 0, 0];
    return [+r, +g, +b, +a];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, at) => value * a + under[at] * (1 - a));
  const light = (colour) => {
    const linear = colour.map((value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };

  // What an element stands on: the backgrounds of all that it is in, one over the other.
  function ground(each) {
    const layers = [];
    for (let box = each; box; box = above(box)) layers.unshift(parts(getComputedStyle(box).backgroundColor));
    return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]);
  }

  // How much of an element is seen: it fades with all that it is in.
  function opacity(each) {
    let seen = 1;
    for (let box = each; box; box = above(box)) seen *= getComputedStyle(box).opacity;
    return seen;
  }

  function ratio(colour, under, seen) {
    const [r, g, b, a] = parts(colour);
    const [dark, bright] = [light(over([r, g, b, a * seen], under)), light(under)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  }

  // Text that is hard to read on what it stands on: axe decides neither what lies under something nor what is out of the
  // window. Large letters may have less.
  function contrast() {
    const faults = new Map();
    const known = new Map();
    for (const each of every("*", document.body)) {
      if (![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) || !shown(each)) continue;
      if (each.closest("mjx-assistive-mml, [disabled], .visually-hidden, svg")) continue;
      const { color, fontSize, fontWeight } = getComputedStyle(each);
      const under = ground(each);
      const seen = opacity(each);
      if (!seen) continue;
      const key = `${color} on ${under.map(Math.round)}${seen < 1 ? ` at ${seen}` : ""}`;
      if (!known.has(key)) known.set(key, ratio(color, under, seen));
      const large = parseFloat(fontSize) >= 24 || (parseFloat(fontSize) >= 18.66 && fontWeight >= 700);
      if (known.get(key) < (large ? 3 : 4.5)) faults.set(key, `${known.get(key).toFixed(2)}, ${key}: ${line(each)}`);
    }
    return [...faults.values()];
  }

  // What a browser without scripts leaves out, or offers in vain.
  function unscripted() {
    const faults = [];
    if (document.documentElement.lang !== "en") faults.push("the page does not say its language");
    if ([...every("h1", text())].filter(shown).length !== 1) faults.push("the title is not there once");
    for (const each of every("img", text()))
      if (shown(each) && !each.naturalWidth) faults.push(`an empty picture: ${line(each)}`);
    for (const fold of every("details", text())) {
      fold.open = true;
      if (shown(fold) && ![...fold.children].some((each) => !each.matches("summary") && shown(each)))
        faults.push(`opens in vain: ${line(fold)}`);
    }
    for (const box of every(".exercise", text()))
      if (![...box.querySelectorAll('a[href$=".ipynb"]')].some(shown)) faults.push(`no notebook: ${line(box)}`);
    for (const each of every("button, input, select, textarea"))
      if (shown(each) && !each.matches(".dropdown-toggle")) faults.push(`does nothing: ${line(each)}`);
    return faults;
  }

  // Before axe, which takes a long time over many small parts: formulas, and the colours within code.
  function plain() {
    for (const each of document.querySelectorAll("mjx-container, math")) each.replaceWith("(formula)");
    for (const each of document.querySelectorAll(".highlight pre")) each.textContent = each.textContent;
  }

  return { headings, tables, links, images, focus, boxes, beyond, contrast, unscripted, plain };
})();
