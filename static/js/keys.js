// Single-letter keys; they act only outside fields, and not at all when the person turned them off (no data-keys).
// "/" goes to the search field, "?" shows the list, "g" then a letter goes to a page, j and k move through rows.
const inField = (e) => e.target.closest("input, textarea, select, dialog") || e.ctrlKey || e.metaKey || e.altKey;

export function start() {
  const rows = [...document.querySelectorAll("[data-rows] [data-row]")];
  const help = document.getElementById("keylist");
  let at = -1, wentG = -Infinity;
  const move = (n) => {
    if (!rows.length) return;
    rows[at]?.classList.remove("cur");
    at = Math.max(0, Math.min(rows.length - 1, n));
    rows[at].classList.add("cur");
    rows[at].querySelector("a")?.focus();
  };
  const page = (e) => e.timeStamp - wentG < 1200 && document.querySelector(`[data-go="${CSS.escape(e.key)}"]`);
  document.addEventListener("keydown", (e) => {
    if (inField(e)) return;
    const go = page(e);
    if (go) { e.preventDefault(); go.click(); return; }
    if (e.key === "/") { e.preventDefault(); document.querySelector("[data-search]")?.focus(); }
    else if (e.key === "?") { e.preventDefault(); help?.showModal(); }
    else if (e.key === "g") wentG = e.timeStamp;
    else if (e.key === "j") move(at + 1);
    else if (e.key === "k") move(at - 1);
    else document.querySelector(`[data-key="${CSS.escape(e.key)}"]`)?.focus();
  });
}
