// Draws each chart of a page from the specification beside it, with the libraries in `vendor`.
//
// A page works without this file: sentence and table stand beside each chart. It needs no eval (Vega's expressions are
// interpreted) and adds no style to the page, so that a strict Content-Security-Policy holds, also from files: Chromium
// and Firefox take 'self' to match scripts and styles of file:// addresses. It loads nothing.
"use strict";

(function () {
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const paper = window.matchMedia("print");
  // On paper a dark page's colours would be pale.
  const dark = () => scheme.matches && !paper.matches;
  const drawn = new Map(); // element -> Vega view
  const small = new Map(); // element -> specification of small charts, and the width for which they were drawn

  const options = () => ({
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    ast: true,
    expr: vega.expressionInterpreter,
    defaultStyle: false,
    tooltip: { disableDefaultStyle: true },
    // A specification has its data inline; nothing is ever loaded.
    loader: { load: () => Promise.reject(new Error("a chart loads nothing")) },
  });

  // Small charts beside each other: as many as have room, each as wide as there is room for it.
  function fitted(spec, place) {
    if (!spec.facet) return spec;
    const whole = place.clientWidth;
    const columns = whole < 300 ? 1 : whole < 620 ? 2 : spec.columns;
    const [gap, axis] = [spec.spacing?.column ?? 20, 60];
    const width = Math.max(80, Math.floor((whole - axis - gap * (columns - 1)) / columns));
    return { ...spec, columns, spec: { ...spec.spec, width } };
  }

  function said(place, error) {
    const words = place.parentElement.querySelector(".chart-error");
    place.hidden = true;
    place.dataset.drawn = "no";
    if (words) {
      words.hidden = false;
      words.textContent = "This chart could not be drawn. The table has its figures. " + String(error.message || error);
    }
  }

  // Draws `spec` into `place`, instead of what was drawn there. The promise never fails: an error is told in words.
  async function draw(place, spec) {
    place.dataset.drawn = "wait";
    place.hidden = false;
    const words = place.parentElement.querySelector(".chart-error");
    if (words) words.hidden = true;
    try {
      if (drawn.has(place)) drawn.get(place).finalize();
      drawn.delete(place);
      // The page has the title as its caption.
      const { title, ...untitled } = spec;
      const result = await vegaEmbed(place, fitted(untitled, place), options());
      drawn.set(place, result);
      if (spec.facet) small.set(place, { spec, width: place.clientWidth });
      else small.delete(place);
      await result.view.signal("dark", dark()).runAsync();
      // One picture with a description: its marks are the rows of the table.
      place.setAttribute("role", "img");
      place.removeAttribute("aria-roledescription");
      // Small charts have frames and headings that Vega would name one by one.
      for (const mark of place.querySelectorAll("svg [role=graphics-symbol]")) mark.setAttribute("aria-hidden", "true");
      place.dataset.drawn = "yes";
    } catch (error) {
      said(place, error);
    }
  }

  function drawAll() {
    for (const place of document.querySelectorAll(".chart[data-spec]")) {
      try {
        draw(place, JSON.parse(document.getElementById(place.dataset.spec).textContent));
      } catch (error) {
        said(place, error);
      }
    }
  }

  function recolour() {
    for (const { view } of drawn.values()) view.signal("dark", dark()).run();
  }

  // Other charts follow the width by themselves.
  function refit() {
    for (const [place, { spec, width }] of [...small]) {
      if (place.clientWidth !== width && place.dataset.drawn === "yes") draw(place, spec);
    }
  }

  window.addEventListener("resize", refit);
  scheme.addEventListener("change", recolour);
  paper.addEventListener("change", recolour);

  window.atfCharts = { draw };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", drawAll);
  else drawAll();
})();
