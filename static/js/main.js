// Everything here is an addition. Each page works when this file does not arrive.
document.documentElement.classList.add("js");

const parts = {
  "[data-copy]": "./copy.js",
  "details.confirm": "./confirm.js",
  "html[data-keys] body": "./keys.js",
  "form[data-lint]": "./linter.js",
};
for (const [selector, module] of Object.entries(parts)) {
  const found = document.querySelectorAll(selector);
  if (found.length) import(module).then((m) => m.start(found));
}
