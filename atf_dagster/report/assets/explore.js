// The explore page: fills specifications with gaps (made by `charts/gaps.py`) with the figures that a reader chose.
//
// The figures of an indicator come from `explore/<indicator>.js`, a script that calls `atfExplore.take`, because a page
// from a file may load scripts but not fetch. The choice is kept after the # of the address.
"use strict";

(function () {
  const MOST_ROWS = 1000; // of the table; more would make a telephone wait
  const byId = (id) => document.getElementById(`explore-${id}`);
  const settings = JSON.parse(byId("settings").textContent);
  const names = new Map(settings.areas);
  const form = document.getElementById("explore");
  const boxes = [...form.querySelectorAll("input[name=area]")];
  const chosen = { indicator: byId("indicator"), group: byId("group"), from: byId("from"), to: byId("to") };
  const taken = new Map();
  const waiting = new Map();
  let data = null;

  // ---- figures

  window.atfExplore = {
    take(figures) {
      taken.set(figures.code, figures);
      if (waiting.has(figures.code)) waiting.get(figures.code)(figures);
    },
  };

  function load(code) {
    if (taken.has(code)) return Promise.resolve(taken.get(code));
    return new Promise((resolve, reject) => {
      waiting.set(code, resolve);
      const script = document.createElement("script");
      script.src = `explore/${code}.js`;
      script.onerror = () => reject(new Error(`The figures of ${code} are not beside this page.`));
      document.head.append(script);
    });
  }

  // ---- words

  function number(value) {
    const places = { minimumFractionDigits: data.decimals, maximumFractionDigits: data.decimals };
    const text = new Intl.NumberFormat("en-GB", places).format(value);
    return text.replace("-", /[1-9]/.test(text) ? "\u2212" : "");
  }

  function figure(value) {
    if (data.unit.startsWith("%")) return `${number(value)}${data.unit}`;
    if (data.unit === "£") return `£${number(value)}`.replace("£\u2212", "\u2212£");
    return `${number(value)} ${data.unit}`.trim();
  }

  const status = (code) => settings.statuses[code] ?? code.replaceAll("_", " ");
  const groupName = ([sex, age, by, value]) => [sex, age, ...(by === "Total" ? [] : [`${by}: ${value}`])].join(", ");

  // ---- the choice

  function options(select, found, value) {
    select.replaceChildren(
      ...found.map(([key, text]) => {
        const option = document.createElement("option");
        option.value = key;
        option.textContent = text;
        return option;
      }),
    );
    if (found.some(([key]) => key === value)) select.value = value;
  }

  function periodsOf(group) {
    const with_rows = new Set(data.rows.filter((row) => row[2] === group).map((row) => row[1]));
    return data.periods.filter((_, place) => with_rows.has(place)).map(([id, label]) => [id, label]);
  }

  function read() {
    return new URLSearchParams(location.hash.slice(1));
  }

  function keep() {
    const wanted = new URLSearchParams({ indicator: data.code, group: chosen.group.value });
    wanted.set("from", chosen.from.value);
    wanted.set("to", chosen.to.value);
    wanted.set("areas", boxes.filter((box) => box.checked).map((box) => box.value).join(" "));
    byId("link").href = `#${wanted}`;
    try {
      history.replaceState(null, "", `#${wanted}`);
    } catch {
      location.hash = String(wanted);
    }
  }

  async function restore() {
    const wanted = read();
    const codes = [...chosen.indicator.options].map((option) => option.value);
    if (codes.length === 0) return;
    const code = codes.includes(wanted.get("indicator")) ? wanted.get("indicator") : codes[0];
    chosen.indicator.value = code;
    const areas = wanted.has("areas") ? wanted.get("areas").split(" ") : null;
    for (const box of boxes) box.checked = areas === null || areas.includes(box.value);
    await choose(code, wanted);
  }

  async function choose(code, wanted) {
    try {
      data = await load(code);
    } catch (error) {
      // Nothing of the indicator that was shown before may stand under the name of this one.
      data = null;
      for (const name of ["title", "words", "caption"]) byId(name).textContent = "";
      byId("table").tBodies[0].replaceChildren();
      byId("chart").hidden = true;
      byId("said").textContent = error.message;
      document.getElementById("explore-shown").hidden = false;
      return;
    }
    if (chosen.indicator.value !== code) return; // another one was chosen meanwhile
    options(chosen.group, data.groups.map((group) => [group.join("|"), groupName(group)]), wanted.get("group"));
    choosePeriods(wanted);
    show();
  }

  function choosePeriods(wanted) {
    const found = periodsOf(chosen.group.selectedIndex);
    const newest = newestWithFigure(found);
    options(chosen.from, found, wanted.get("from") ?? newest);
    options(chosen.to, found, wanted.get("to") ?? newest);
    if (chosen.from.selectedIndex > chosen.to.selectedIndex) chosen.to.value = chosen.from.value;
  }

  function newestWithFigure(found) {
    const group = chosen.group.selectedIndex;
    const known = new Set(data.rows.filter((row) => row[2] === group && row[3] !== null).map((row) => data.periods[row[1]][0]));
    return found.filter(([id]) => known.has(id)).at(-1)?.[0] ?? found.at(-1)?.[0];
  }

  // ---- rows

  function picked() {
    const group = chosen.group.selectedIndex;
    const ids = data.periods.map(([id]) => id);
    const [from, to] = [ids.indexOf(chosen.from.value), ids.indexOf(chosen.to.value)];
    const areas = boxes.filter((box) => box.checked).map((box) => box.value);
    return data.rows
      .filter((row) => row[2] === group && row[1] >= from && row[1] <= to && areas.includes(data.areas[row[0]]))
      .map(([area, period, , value, low, high, code, note]) => {
        const absent = value === null;
        return {
          code: data.areas[area],
          area_name: names.get(data.areas[area]),
          period: data.periods[period][1],
          day: data.periods[period][2],
          value,
          low,
          high,
          shown: absent ? status(code) || "not available" : figure(value),
          limits: low === null || high === null ? "none" : `${number(low)} to ${number(high)}`,
          comparison: absent ? "no figure" : "not judged",
          note: [absent ? "" : status(code), data.notes[note]].filter(Boolean).join(": "),
        };
      });
  }

  // A line ends where a figure or a period is missing, and at a break.
  function cut(rows, coloured, benchmark) {
    const days = (a, b) => (Date.parse(b) - Date.parse(a)) / 86400000;
    const before = new Map();
    for (const row of rows) {
      const last = before.get(row.code);
      const broken = last && data.breaks.some(([day]) => last.day < day && day <= row.day);
      const gap = last && (days(last.day, row.day) > data.step * data.gap || last.value === null || row.value === null);
      row.segment = last ? last.segment + (broken || gap ? 1 : 0) : 0;
      row.named = coloured.includes(row.area_name) || row.area_name === benchmark;
      row.line = row.area_name !== benchmark;
      before.set(row.code, row);
    }
  }

  // ---- specifications

  function filled(node, gaps) {
    if (typeof node === "string") {
      if (node in gaps) return gaps[node];
      return node.startsWith("@unit") ? node.replace("@unit", () => gaps["@unit"]) : node;
    }
    if (Array.isArray(node)) return node.map((one) => filled(one, gaps));
    if (node === null || typeof node !== "object") return node;
    if ("@first" in node) return gaps["@areas"].map((_, at) => filled(node["@first"].at(gaps["@looks"][at]), gaps));
    return Object.fromEntries(Object.entries(node).map(([key, one]) => [key, filled(one, gaps)]));
  }

  function specification(form, gaps, without) {
    const template = settings.templates[form];
    const some = (of) => ({ ...of, layer: of.layer.filter((layer) => !without.includes(layer.name)) });
    return filled(template.spec ? { ...template, spec: some(template.spec) } : some(template), gaps);
  }

  function bars(rows, description) {
    const order = [...rows].sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity));
    const england = rows.find((row) => row.code === settings.benchmark)?.value ?? null;
    const values = rows.filter((row) => row.value !== null).map((row) => row.value);
    const close = values.length > 0 && Math.min(...values) > 0 && Math.min(...values) >= 0.7 * Math.max(...values);
    const without = [];
    if (!rows.some((row) => row.low !== null && row.high !== null)) without.push("limits0", "limits1");
    if (rows.every((row) => row.value !== null)) without.push("absent");
    if (england === null) without.push("benchmark", "benchmark_name");
    const gaps = {
      "@values": rows,
      "@order": order.map((row) => row.area_name),
      "@height": 32 * rows.length,
      "@unit": data.unit,
      "@benchmark": england,
      "@description": description,
    };
    return specification(close ? "points" : "bars", gaps, without);
  }

  function lines(rows, description) {
    const benchmark = names.get(settings.benchmark);
    const areas = [...new Set(rows.map((row) => row.area_name))];
    const coloured = areas.filter((name) => name !== benchmark);
    cut(rows, coloured, benchmark);
    // As in `charts/series.py`: more areas than colours stand each in a small chart.
    const form = coloured.length <= 3 ? "few" : coloured.length <= 6 ? "many" : "each";
    const mine = form === "each" ? rows.filter((row) => row.line) : rows;
    const behind = rows.filter((row) => !row.line && row.value !== null);
    const ends = [...new Set(rows.map((row) => row.day))].sort();
    const every = Math.max(1, Math.ceil(ends.length / (form === "each" ? 3 : 6)));
    const distinct = (letters) => new Set(ends.map((end) => end.slice(0, letters))).size === ends.length;
    const breaks = data.breaks.filter(([day]) => ends[0] < day && day <= ends.at(-1)).map(([day]) => ({ day }));
    const without = [];
    if (!rows.some((row) => row.named && row.line && row.low !== null)) without.push("bands");
    if (mine.every((row) => row.value !== null)) without.push("absent");
    if (behind.length === 0) without.push("benchmark");
    if (breaks.length === 0) without.push("breaks");
    const has = areas.includes(benchmark);
    const gaps = {
      "@values": mine,
      "@behind": behind,
      "@order": coloured,
      "@areas": has ? [...coloured, benchmark] : coloured,
      "@looks": [...coloured.keys(), ...(has ? [-1] : [])], // the benchmark's look is the last one
      "@unit": data.unit,
      "@ticks": ends.reverse().filter((_, at) => at % every === 0).reverse(),
      "@format": distinct(4) ? "%Y" : distinct(7) ? "%b %Y" : "%-d %b %Y",
      "@breaks": breaks,
      "@description": description,
    };
    return specification(form, gaps, without);
  }

  // ---- the page

  function sentence(rows) {
    if (rows.length === 0) return "Nothing to show: choose an area and a period that has figures.";
    const newest = rows.map((row) => row.day).sort().at(-1);
    const last = rows.filter((row) => row.day === newest);
    const known = last.filter((row) => row.value !== null).sort((a, b) => b.value - a.value);
    const counted = (key, one) => {
      const count = new Set(rows.map((row) => row[key])).size;
      return `${count} ${one}${count === 1 ? "" : "s"}`;
    };
    const said = [`${counted("code", "area")}, ${counted("day", "period")}.`];
    if (known.length > 1) {
      const [high, low] = [known[0], known.at(-1)];
      said.push(`In ${high.period}, highest: ${high.area_name} (${high.shown}); lowest: ${low.area_name} (${low.shown}).`);
    } else if (known.length === 1) said.push(`In ${known[0].period}: ${known[0].area_name}, ${known[0].shown}.`);
    const absent = rows.filter((row) => row.value === null).length;
    if (absent > 0) said.push(`${absent} of ${rows.length} figures are absent; the table says why.`);
    if (chosen.from.value !== chosen.to.value && data.breaks.some(([day]) => rows[0].day < day && day <= newest)) {
      said.push("Lines stop where figures before and after cannot be compared.");
    }
    return said.join(" ");
  }

  function cells(kind, texts, heads) {
    const row = document.createElement("tr");
    row.append(
      ...texts.map((text, at) => {
        const cell = document.createElement(at < heads ? "th" : "td");
        if (at < heads) cell.scope = kind;
        if (at === 2 || at === 3) cell.className = kind === "col" ? "n" : "number";
        cell.textContent = text;
        return cell;
      }),
    );
    return row;
  }

  function table(rows) {
    const shown = [...rows].reverse().slice(0, MOST_ROWS).reverse();
    const part = shown.length < rows.length ? `, the newest ${shown.length} of ${rows.length} figures` : "";
    byId("caption").textContent = `${data.name} (${data.unit}), ${chosen.group.selectedOptions[0].textContent}${part}`;
    const [head, body] = [byId("table").tHead, byId("table").tBodies[0]];
    head.replaceChildren(cells("col", ["Area", "Period", `Figure (${data.unit})`, "95% limits", "Note"], 5));
    body.replaceChildren(
      ...shown.map((row) => cells("row", [row.area_name, row.period, row.shown, row.limits, row.note], 1)),
    );
  }

  function show() {
    if (data === null) return;
    keep();
    const rows = picked();
    const group = chosen.group.selectedOptions[0]?.textContent ?? "";
    document.getElementById("explore-shown").hidden = false;
    byId("title").textContent = `${data.name}, ${group}`;
    const proxy = data.proxy_for ? `This is a proxy for ${data.proxy_for}. ` : "";
    byId("words").textContent = proxy + data.words;
    byId("words").hidden = byId("words").textContent === "";
    byId("said").textContent = sentence(rows);
    byId("page").href = `indicators/${data.code}.html`;
    table(rows);
    const place = byId("chart");
    if (rows.every((row) => row.value === null)) {
      place.hidden = true;
      place.dataset.drawn = "none";
      return;
    }
    const description = `${data.name}. ${sentence(rows)}`;
    atfCharts.draw(place, (chosen.from.value === chosen.to.value ? bars : lines)(rows, description));
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  chosen.indicator.addEventListener("change", () => choose(chosen.indicator.value, new URLSearchParams()));
  chosen.group.addEventListener("change", () => {
    if (data === null) return;
    choosePeriods(new URLSearchParams({ from: chosen.from.value, to: chosen.to.value }));
    show();
  });
  for (const [one, other] of [["from", "to"], ["to", "from"]]) {
    chosen[one].addEventListener("change", () => {
      if (chosen.from.selectedIndex > chosen.to.selectedIndex) chosen[other].value = chosen[one].value;
      show();
    });
  }
  for (const box of boxes) box.addEventListener("change", show);
  for (const [id, checked] of [["all", true], ["none", false]]) {
    byId(id).addEventListener("click", () => {
      for (const box of boxes) box.checked = checked;
      show();
    });
  }
  window.addEventListener("hashchange", restore);
  form.hidden = false;
  restore();
})();
