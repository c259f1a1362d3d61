// The viewer page: connects with the token in the address, then lends keyboard and pointer.
import { Rfb } from "./rfb.js";
import { SCANCODES } from "./scancodes.js";

const byId = (id) => document.getElementById(id);
const canvas = byId("screen");
const context = canvas.getContext("2d", { alpha: false });

const screen = {
  resize(width, height) {
    canvas.width = width;
    canvas.height = height;
  },
  draw(x, y, width, height, rgba) {
    context.putImageData(new ImageData(rgba, width, height), x, y);
  },
  copy(fromX, fromY, x, y, width, height) {
    context.drawImage(canvas, fromX, fromY, width, height, x, y, width, height);
  },
};

function token() {
  const value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname); // it is good for one connection only
  return value;
}

const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/rfb/${token()}`;
const rfb = new Rfb(new WebSocket(url, "binary"), screen);
rfb.onname = (name) => {
  byId("name").textContent = document.title = name;
  byId("status").textContent = "";
  canvas.focus();
};
rfb.onclose = (why) => {
  byId("status").textContent = `disconnected${why ? ": " + why : ""}; ask vm:vnc for a new link`;
};

const pressed = new Set();

function key(event, down) {
  const code = SCANCODES[event.code];
  if (code === undefined) {
    if (event.key.length === 1) {
      rfb.key(down, event.key.codePointAt(0)); // an on-screen keyboard has no positions
    }
  } else {
    rfb.scancode(down, code);
    down ? pressed.add(code) : pressed.delete(code);
  }
  event.preventDefault();
}

function releaseAll() {
  pressed.forEach((code) => rfb.scancode(false, code));
  pressed.clear();
}

canvas.addEventListener("keydown", (event) => key(event, true));
canvas.addEventListener("keyup", (event) => key(event, false));
canvas.addEventListener("blur", releaseAll);

const WHEEL_UP = 8, WHEEL_DOWN = 16;

// The DOM's bits are left, right, middle; RFB's are left, middle, right.
const buttons = (event) =>
  (event.buttons & 1) | ((event.buttons & 4) >> 1) | ((event.buttons & 2) << 1);

function position(event) {
  const box = canvas.getBoundingClientRect();
  const scale = (at, size, pixels) =>
    Math.max(0, Math.min(pixels - 1, Math.floor((at * pixels) / size)));
  return [
    scale(event.clientX - box.left, box.width, canvas.width),
    scale(event.clientY - box.top, box.height, canvas.height),
  ];
}

function pointer(event, extra = 0) {
  if (rfb.relative) {
    const locked = document.pointerLockElement === canvas;
    rfb.move(buttons(event) | extra, locked ? event.movementX : 0, locked ? event.movementY : 0);
  } else {
    rfb.pointer(buttons(event) | extra, ...position(event));
  }
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.focus();
  if (rfb.relative && document.pointerLockElement !== canvas) {
    canvas.requestPointerLock();
  } else if (!rfb.relative) {
    canvas.setPointerCapture(event.pointerId);
  }
  pointer(event);
  event.preventDefault();
});
canvas.addEventListener("pointerup", (event) => pointer(event));
canvas.addEventListener("pointermove", (event) => pointer(event));
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("wheel", (event) => {
  pointer(event, event.deltaY < 0 ? WHEEL_UP : WHEEL_DOWN);
  pointer(event);
  event.preventDefault();
}, { passive: false });

byId("restart").onclick = () => {
  const chord = [SCANCODES.ControlLeft, SCANCODES.AltLeft, SCANCODES.Delete];
  chord.forEach((code) => rfb.scancode(true, code));
  chord.reverse().forEach((code) => rfb.scancode(false, code));
  canvas.focus();
};
byId("scale").onclick = () => {
  byId("scale").textContent = canvas.classList.toggle("fit") ? "Actual size" : "Fit window";
  canvas.focus();
};
byId("full").onclick = () => {
  canvas.requestFullscreen();
  canvas.focus();
};
