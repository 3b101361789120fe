import { Chat } from "./chat.js";
import { Live } from "./live.js";

const $ = (id) => document.getElementById(id);
const settings = $("settings");

/** Fields that are kept between visits; the key only until the browser closes. */
const KEPT = "penstock-settings";
const KEY = "penstock-key";

export function headers() {
  const key = settings.elements.key.value;
  return key ? { authorization: `Bearer ${key}` } : {};
}

function restoreSettings() {
  const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  for (const field of settings.elements) {
    field.value = field.name === "key" ? (sessionStorage.getItem(KEY) ?? "") : (kept[field.name] ?? "");
  }
  settings.addEventListener("input", () => {
    const values = {};
    for (const field of settings.elements) {
      if (field.name === "key") {
        sessionStorage.setItem(KEY, field.value);
      } else {
        values[field.name] = field.value;
      }
    }
    localStorage.setItem(KEPT, JSON.stringify(values));
  });
  settings.addEventListener("submit", (event) => event.preventDefault());
}

function restoreTheme() {
  const apply = (theme) => { document.documentElement.dataset.theme = theme; };
  const kept = localStorage.getItem("penstock-theme");
  if (kept) {
    apply(kept);
  }
  $("theme").addEventListener("click", () => {
    const dark = document.documentElement.dataset.theme === "dark"
      || !document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches;
    apply(dark ? "light" : "dark");
    localStorage.setItem("penstock-theme", dark ? "light" : "dark");
  });
}

function watchTabs(onSelect) {
  const tabs = [$("tab-chat"), $("tab-live")];
  const select = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", isChosen);
      tab.tabIndex = isChosen ? 0 : -1;
      $(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
    onSelect(chosen.id);
  };
  for (const tab of tabs) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
        const other = tabs[1 - tabs.indexOf(tab)];
        other.focus();
        select(other);
      }
    });
  }
}

async function showServer() {
  try {
    const health = await fetch("health");
    const said = await health.text();
    $("state").textContent = health.ok ? "ready" : JSON.parse(said).error.message;
    const models = await fetch("v1/models", { headers: headers() });
    const card = models.ok ? (await models.json()).data[0] : null;
    $("model").textContent = card ? `${card.id} · context ${card.max_model_len}` : "give the API key to see the model";
    return card?.id;
  } catch {
    $("state").textContent = "the server does not answer";
    return undefined;
  }
}

restoreSettings();
restoreTheme();
const chat = new Chat(settings, headers);
const live = new Live($("plots"), $("live-error"), headers);
watchTabs((id) => live.show(id === "tab-live"));
showServer();
setInterval(showServer, 5000);
settings.elements.key.addEventListener("change", showServer);
$("prompt").focus();
