"use strict";
// The page is whole without this script. It adds: a switch between light and dark, buttons that copy commands, what is
// under the pointer or focus in a timeline, and arrow keys to move inside a lane.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  root.dataset.theme = dark.matches ? "dark" : "light";
  dark.addEventListener("change", (event) => { root.dataset.theme = event.matches ? "dark" : "light"; });
  const theme = document.getElementById("theme");
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark"; });

  for (const command of document.querySelectorAll(".command")) {
    const text = command.textContent;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "copy";
    button.setAttribute("aria-label", "Copy the command");
    button.addEventListener("click", async () => {
      let copied = false;
      try { await navigator.clipboard.writeText(text); copied = true; } catch {
        const area = document.createElement("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        copied = document.execCommand("copy");
        area.remove();
      }
      button.textContent = copied ? "copied" : "select it by hand";
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
    command.append(button);
  }

  const row = (item) => item.hash === undefined && item.href ? document.getElementById(item.href.baseVal.slice(1)) : null;
  for (const timeline of document.querySelectorAll(".timeline")) {
    const detail = timeline.querySelector(".detail");
    const show = (item) => {
      detail.textContent = item.querySelector("title").textContent;
      timeline.querySelectorAll(".on").forEach((other) => other.classList.remove("on"));
      item.classList.add("on");
      const target = row(item);
      if (target) target.classList.add("on");
    };
    for (const lane of timeline.querySelectorAll(".lane")) {
      const items = [...lane.querySelectorAll("[data-i]")];
      items.forEach((item, index) => {
        item.setAttribute("tabindex", index === 0 ? "0" : "-1");
        item.addEventListener("mouseenter", () => show(item));
        item.addEventListener("focus", () => show(item));
        item.addEventListener("keydown", (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          const next = step && items[index + step];
          if (!next) return;
          event.preventDefault();
          item.setAttribute("tabindex", "-1");
          next.setAttribute("tabindex", "0");
          next.focus();
        });
        item.addEventListener("click", (event) => {
          const target = row(item);
          if (!target) return;
          event.preventDefault();
          target.closest("details.events").open = true;
          target.querySelector("details").open = true;
          const box = target.closest(".tall");
          box.scrollTop = target.offsetTop - box.clientHeight / 3;
        });
      });
    }
    for (const line of timeline.querySelectorAll("tbody tr[id]")) {
      const tick = timeline.querySelector(`a[href="#${line.id}"]`);
      if (!tick) continue;
      line.addEventListener("mouseenter", () => tick.classList.add("on"));
      line.addEventListener("mouseleave", () => tick.classList.remove("on"));
    }
  }
})();
