// A form on a page of its own has no menu and none of the site's other scripts: only its button to print.
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
