// Places of keys (KeyboardEvent.code, W3C "UI Events KeyboardEvent code Values") as scancodes of
// set 1; 0x80 stands for the prefix E0.
export const SCANCODES = { Pause: 0xc6, PrintScreen: 0x54 };

function row(first, names) {
  names.split(" ").forEach((name, i) => (SCANCODES[name] = first + i));
}

row(0x01, "Escape Digit1 Digit2 Digit3 Digit4 Digit5 Digit6 Digit7 Digit8 Digit9 Digit0 Minus Equal");
row(0x0e, "Backspace Tab KeyQ KeyW KeyE KeyR KeyT KeyY KeyU KeyI KeyO KeyP BracketLeft BracketRight");
row(0x1c, "Enter ControlLeft KeyA KeyS KeyD KeyF KeyG KeyH KeyJ KeyK KeyL Semicolon Quote Backquote");
row(0x2a, "ShiftLeft Backslash KeyZ KeyX KeyC KeyV KeyB KeyN KeyM Comma Period Slash ShiftRight");
row(0x37, "NumpadMultiply AltLeft Space CapsLock F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 NumLock ScrollLock");
row(0x47, "Numpad7 Numpad8 Numpad9 NumpadSubtract Numpad4 Numpad5 Numpad6 NumpadAdd");
row(0x4f, "Numpad1 Numpad2 Numpad3 Numpad0 NumpadDecimal");
row(0x56, "IntlBackslash F11 F12");
row(0x9c, "NumpadEnter ControlRight");
row(0xb5, "NumpadDivide");
row(0xb8, "AltRight");
row(0xc7, "Home ArrowUp PageUp");
row(0xcb, "ArrowLeft");
row(0xcd, "ArrowRight");
row(0xcf, "End ArrowDown PageDown Insert Delete");
row(0xdb, "MetaLeft MetaRight ContextMenu");
