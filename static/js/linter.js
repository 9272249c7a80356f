// Judges while one types: 400 ms after the last change the form is posted with "X-Part: linter", and what comes back takes
// the place of the panel. When nothing comes back, the panel stays and the Check button posts the form as ever.
export function start([form]) {
  const panel = document.getElementById(form.dataset.lint);
  let wait, asked;
  const judge = async () => {
    asked?.abort();
    asked = new AbortController();
    panel.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(location.pathname, {
        method: "POST",
        headers: { "X-Part": "linter" },
        body: new URLSearchParams(new FormData(form)),
        signal: asked.signal,
      });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      panel.replaceChildren(...page.body.childNodes);
    } catch (failure) {
      if (failure.name !== "AbortError" && !(failure instanceof TypeError)) throw failure;
    } finally {
      panel.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(judge, 400);
  });
}
