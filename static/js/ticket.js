/* The code behind the # of the link goes into its field and out of the address bar. */
(function () {
  "use strict";
  const field = document.getElementById("ticket");
  if (!field || location.hash.length < 2) return;
  field.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname);
  document.getElementById("new").focus();
})();
