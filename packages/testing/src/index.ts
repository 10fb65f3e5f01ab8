export { FakeClock } from "./fake-clock.js";
export { FakeLedger, fakeStamp } from "./fake-ledger.js";
export { FakeTab } from "./fake-tab.js";
