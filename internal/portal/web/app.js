// The live layer: a stream of server-sent events replaces elements by id with HTML that the server made. A page that hears nothing says so.
"use strict";
(() => {
  const address = document.body.dataset.stream;
  const pulse = document.getElementById("pulse");
  if (!address || !pulse || !window.EventSource) return;
  const cutAfter = 5000; // without a beat, in milliseconds
  let heard = 0;
  const lost = pulse.dataset.cut;
  const zone = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

  const alive = () => {
    heard = Date.now();
    document.body.classList.remove("cut");
    pulse.classList.remove("cut");
  };
  const source = new EventSource(address);
  source.addEventListener("beat", (e) => {
    alive();
    pulse.textContent = "Live, " + zone.format(new Date(e.data));
    pulse.title = e.data;
  });
  for (const id of ["live", "result"]) {
    source.addEventListener(id, (e) => {
      alive();
      const at = document.getElementById(id);
      if (!at || at.contains(document.activeElement) || at.dataset.hold) return;
      at.innerHTML = e.data; // made by html/template on the server
    });
  }
  setInterval(() => {
    if (Date.now() - heard < cutAfter) return;
    if (!document.body.classList.contains("cut")) {
      document.body.classList.add("cut");
      pulse.classList.add("cut");
      pulse.textContent = lost + (heard ? " Last heard " + zone.format(new Date(heard)) + "." : "");
    }
  }, 1000);
})();
