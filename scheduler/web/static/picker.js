// Counts the ticked windows aloud; the page is whole without it.
(() => {
  const count = document.querySelector("[data-many]");
  const form = count && count.closest("form");
  if (!form) return;
  form.addEventListener("change", () => {
    const ticks = form.querySelectorAll("[name=t]:checked").length;
    const weekly = form.querySelector("[name=repeat]:checked");
    const words = count.dataset;
    const said = ticks === 0 ? words.none : ticks === 1 ? words.one : words.many.replace("#", ticks);
    count.textContent = said + (ticks && weekly ? words.weekly : "") + ".";
  });
})();
