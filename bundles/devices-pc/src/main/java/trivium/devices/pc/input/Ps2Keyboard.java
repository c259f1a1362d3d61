package trivium.devices.pc.input;

import trivium.devices.pc.ByteFifo;

/**
 * A 101-key PS/2 keyboard (IBM PS/2 Hardware Interface Technical Reference, "Keyboard"). Answers go
 * out before key strokes. Not modelled: typematic repeat (viewers repeat keys themselves) and key
 * types of set 3, where every key sends make and break codes.
 */
final class Ps2Keyboard implements Ps2Device {
    private static final int ACK = 0xfa, RESEND = 0xfe, PASSED = 0xaa;
    private static final int SET_LEDS = 0xed, ECHO = 0xee, SCAN_SET = 0xf0, IDENTIFY = 0xf2;
    private static final int RATE = 0xf3, ENABLE = 0xf4, DISABLE = 0xf5, DEFAULTS = 0xf6;
    private static final int KEY_TYPE_FIRST = 0xfb, KEY_TYPE_LAST = 0xfd, RESET = 0xff;

    /** 256 strokes of the longest ordinary kind: E0 F0 xx, with a byte to spare. */
    private static final int KEY_BYTES = 1024;

    /** Saved state. */
    record State(
            boolean scanning,
            int scanSet,
            int leds,
            int command,
            int lastSent,
            byte[] answers,
            byte[] keys) {}

    private final ByteFifo answers = new ByteFifo(16);
    private final ByteFifo keys = new ByteFifo(KEY_BYTES);
    private boolean scanning;
    private int scanSet, leds, lastSent;

    /** The command whose parameter comes next, or 0. */
    private int command;

    Ps2Keyboard() {
        reset();
    }

    @Override
    public void reset() {
        answers.clear();
        keys.clear();
        command = lastSent = 0;
        leds = 0;
        defaults();
        scanning = true;
    }

    private void defaults() {
        scanSet = 2;
    }

    int leds() {
        return leds;
    }

    /**
     * Takes set 1 bytes from a viewer.
     *
     * @return false if there is no room for all of them
     */
    boolean type(byte[] set1) {
        if (!scanning) {
            return true; // a real keyboard forgets them too
        }
        if (keys.free() < 2 * set1.length) {
            return false;
        }
        if (scanSet == 3 && set1.length > 0 && set1[0] == (byte) ScanCodes.PAUSE) {
            keys.add(ScanCodes.SET3_PAUSE);
            return true;
        }
        boolean extended = false;
        for (byte b : set1) {
            int octet = b & 0xff;
            if (octet == ScanCodes.EXTENDED || octet == ScanCodes.PAUSE) {
                extended = octet == ScanCodes.EXTENDED;
                if (scanSet != 3) {
                    keys.add(octet);
                }
            } else {
                encode(octet, extended);
                extended = false;
            }
        }
        return true;
    }

    private void encode(int set1, boolean extended) {
        int make = set1 & 0x7f;
        if (scanSet == 1) {
            keys.add(set1);
            return;
        }
        int code = scanSet == 2 ? ScanCodes.set2(make) : ScanCodes.set3(make, extended);
        if (code != 0) {
            if (set1 != make) {
                keys.add(ScanCodes.BREAK);
            }
            keys.add(code);
        }
    }

    @Override
    public boolean hasOutput() {
        return !answers.isEmpty() || command == 0 && !keys.isEmpty();
    }

    @Override
    public int output() {
        lastSent = answers.isEmpty() ? keys.poll() : answers.poll();
        return lastSent;
    }

    @Override
    public void command(int octet) {
        if (command != 0 && octet < 0xed) {
            parameter(octet);
            return;
        }
        command = 0;
        answers.clear();
        switch (octet) {
            case SET_LEDS, SCAN_SET, RATE -> expect(octet);
            case ECHO -> answers.add(ECHO);
            case IDENTIFY -> answer(ACK, 0xab, 0x83);
            case ENABLE -> {
                scanning = true;
                answers.add(ACK);
            }
            case DISABLE -> {
                keys.clear();
                defaults();
                scanning = false;
                answers.add(ACK);
            }
            case DEFAULTS -> {
                keys.clear();
                defaults();
                answers.add(ACK);
            }
            case 0xf7, 0xf8, 0xf9, 0xfa -> answers.add(ACK);
            case RESEND -> answers.add(lastSent);
            case RESET -> {
                reset();
                answer(ACK, PASSED);
            }
            default -> {
                if (octet >= KEY_TYPE_FIRST && octet <= KEY_TYPE_LAST) {
                    expect(octet);
                } else {
                    answers.add(RESEND);
                }
            }
        }
    }

    private void answer(int... octets) {
        for (int octet : octets) {
            answers.add(octet);
        }
    }

    private void expect(int forCommand) {
        command = forCommand;
        answers.add(ACK);
    }

    private void parameter(int octet) {
        int of = command;
        command = 0;
        answers.add(ACK);
        switch (of) {
            case SET_LEDS -> leds = octet & 7;
            case SCAN_SET -> scanSet(octet);
            case RATE -> {} // typematic repeat is the viewer's
            default -> command = of; // FB to FD: key codes until the next command
        }
    }

    private void scanSet(int octet) {
        if (octet == 0) {
            answers.add(scanSet);
        } else if (octet <= 3) {
            scanSet = octet;
            keys.clear();
        }
    }

    State save() {
        return new State(scanning, scanSet, leds, command, lastSent, answers.save(), keys.save());
    }

    void restore(State s) {
        scanning = s.scanning;
        scanSet = s.scanSet;
        leds = s.leds;
        command = s.command;
        lastSent = s.lastSent;
        answers.restore(s.answers);
        keys.restore(s.keys);
    }
}
