// Small helpers for making elements.
export function element(tag, properties = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "dataset") Object.assign(made.dataset, value);
    else if (name in made && name !== "role") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export function button(text, onclick, keys) {
  const made = element("button", { type: "button", className: "hb-button", onclick }, [text]);
  if (keys) made.title = keys;
  return made;
}

export function reason(error) {
  return error?.message || String(error);
}

// Hands the reader a file.
export function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
  const link = element("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
