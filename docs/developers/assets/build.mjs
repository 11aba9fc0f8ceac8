// Builds the vendored style sheet and the icon sprite; docs/developers/assets.md says when and how to run it.
// Usage: node build.mjs NODE_MODULES CHECKOUT
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync, copyFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [modules, checkout] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(modules, "package.json"));
const { PurgeCSS } = require("purgecss");
const postcss = require("postcss");

const version = (name) => JSON.parse(readFileSync(join(modules, name, "package.json"))).version;
const vendor = join(checkout, "intelhub/platform/web/static/vendor");
const folder = (name, packageName) => {
  for (const old of readdirSync(vendor).filter((entry) => entry.startsWith(`${name}-`))) {
    rmSync(join(vendor, old), { recursive: true });
  }
  const path = join(vendor, `${name}-${version(packageName)}`);
  mkdirSync(path, { recursive: true });
  return path;
};
mkdirSync(vendor, { recursive: true });

// htmx, as released.
const htmx = folder("htmx", "htmx.org");
copyFileSync(join(modules, "htmx.org/dist/htmx.min.js"), join(htmx, "htmx.min.js"));
copyFileSync(join(modules, "htmx.org/LICENSE"), join(htmx, "LICENSE"));

// Tabler: only what pages may use. The words below are a promise to whoever writes a page, besides what templates say.
const promised = [
  /^(btn|btn-(primary|secondary|danger|ghost-secondary|link|sm|lg|icon|list|group|outline-.*))$/,
  /^(form-(control|label|select|check|check-input|check-label|check-inline|hint|text|fieldset|switch|range)|input-(group|group-text)|is-invalid|invalid-feedback|required)$/,
  /^(table|table-(responsive|sm|vcenter|striped|hover)|caption-top)$/,
  /^(card|card-(body|header|title|footer|sm|actions|table|subtitle))$/,
  /^(badge|progress|progress-bar|alert|alert-title|list-unstyled|list-inline|list-inline-item|visually-hidden|visually-hidden-focusable|stretched-link|disabled|active)$/,
  /^[mp][tbsexy]?-(auto|[0-5])$/,
  /^g[xy]?-[0-4]$|^gap-[0-4]$/,
  /^d-(none|block|inline|inline-block|flex|inline-flex|grid)$|^d-md-(none|block|inline|flex)$|^d-print-(none|block|inline)$/,
  /^(flex-(row|column|wrap|nowrap|fill|grow-1|shrink-0)|align-items-(start|center|end|baseline)|justify-content-(start|center|end|between))$/,
  /^text-(start|center|end|muted|secondary|nowrap|break|truncate|danger|success|warning|reset)$|^fw-(normal|medium|bold)$|^font-monospace$|^small$/,
  /^(row|col|col-auto|col-12|col-md-(4|6|8)|container-tight)$/,
  /^(w-100|w-auto|h-100|rounded|border|border-(top|bottom|0)|overflow-(auto|hidden)|position-relative)$/,
];
const source = readFileSync(join(modules, "@tabler/core/dist/css/tabler.min.css"), "utf8");
const [purged] = await new PurgeCSS().purge({
  content: [`${checkout}/intelhub/**/templates/**/*.html`, `${checkout}/intelhub/platform/web/static/*.js`],
  css: [{ raw: source }],
  safelist: { standard: promised },
  blocklist: [/^(modal|offcanvas|carousel|accordion|navbar|dropdown|toast|popover|tooltip|datepicker|apexcharts|ts-|noUi|dropzone|hugerte|plyr|lightbox|fslightbox|flag|avatar|ribbon|star|steps|chip|markdown|placeholder|theme-|settings|skeleton|loader|signature|turbo|litepicker|fc-|jvm)/],
  fontFace: true,
  keyframes: true,
});

const tabler = folder("tabler", "@tabler/core");
const tree = postcss.parse(purged.css);
mkdirSync(join(tabler, "img"));
tree.walkAtRules("import", (rule) => rule.remove());
tree.walkAtRules("charset", (rule) => rule.remove());
// The content policy allows images from files only, so pictures inside the sheet become files.
tree.walkDecls((declaration) => {
  declaration.value = declaration.value.replace(/url\((["']?)data:image\/svg\+xml[,;]((?:(?!\1\)).)*)\1\)/g, (_, __, data) => {
    const svg = decodeURIComponent(data.replace(/^(charset=)?utf-?8,/i, ""));
    const name = `${createHash("sha256").update(svg).digest("hex").slice(0, 10)}.svg`;
    writeFileSync(join(tabler, "img", name), svg);
    return `url("img/${name}")`;
  });
});
// Custom properties nothing reads any more, until none is left; app.css reads some.
const own = readFileSync(join(checkout, "intelhub/platform/web/static/app.css"), "utf8");
for (let removed = 1; removed > 0; ) {
  removed = 0;
  const used = new Set((tree.toString() + own).match(/var\(\s*--[\w-]+/g).map((use) => use.replace(/var\(\s*/, "")));
  tree.walkDecls(/^--/, (declaration) => {
    if (!used.has(declaration.prop)) { declaration.remove(); removed += 1; }
  });
  tree.walkRules((rule) => { if (rule.nodes.length === 0) rule.remove(); });
  tree.walkAtRules((rule) => { if (rule.nodes?.length === 0) rule.remove(); });
}
// Without JavaScript the system's wish for dark is followed too: repeat the dark rules for a page with no chosen theme.
const dark = postcss.atRule({ name: "media", params: "(prefers-color-scheme: dark)", nodes: [] });
tree.walkRules((rule) => {
  const wanted = rule.selectors.filter((selector) => /\[data-bs-theme="?dark"?\]/.test(selector));
  if (wanted.length === 0 || rule.parent.type !== "root") return;
  const selectors = wanted.map((s) => s.replace(/^(html|:root|body)?\[data-bs-theme="?dark"?\]/, ":root:not([data-bs-theme])"));
  dark.append(rule.clone({ selectors }));
});
tree.append(dark);
writeFileSync(join(tabler, "tabler.css"), `/*! Tabler ${version("@tabler/core")}, MIT, reduced by docs/developers/assets/build.mjs */\n${tree}`);

// The package of Tabler carries its licence in the head of its sheet only: the same text (MIT) as that of its icons.
const icons = folder("tabler-icons", "@tabler/icons");
const licence = readFileSync(join(modules, "@tabler/icons/LICENSE"), "utf8");
const holders = source.match(/Copyright 2018[^\n]*/g) ?? [];
if (holders.length === 0) throw new Error("the head of Tabler's sheet names nobody any more: look at its licence again");
writeFileSync(join(icons, "LICENSE"), licence);
writeFileSync(join(tabler, "LICENSE"), licence.replace(/^Copyright.*$/m, holders.join("\n")));

// Icons: one sprite, a symbol each, named as Tabler names them.
const names = readFileSync(join(checkout, "docs/developers/assets/icons.txt"), "utf8").split(/\s+/).filter(Boolean);
const symbols = names.map((name) => {
  const svg = readFileSync(join(modules, `@tabler/icons/icons/outline/${name}.svg`), "utf8");
  const paths = svg.match(/<path (?!stroke="none")[^>]*\/>/g).map((path) => path.replace(/\s+/g, " ")).join("");
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${paths}</symbol>`;
});
writeFileSync(join(vendor, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
console.log(`tabler.css ${readFileSync(join(tabler, "tabler.css")).length} bytes, sprite ${readFileSync(join(vendor, "icons.svg")).length} bytes, ${names.length} icons`);
