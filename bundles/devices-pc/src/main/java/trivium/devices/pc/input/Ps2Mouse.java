package trivium.devices.pc.input;

import trivium.devices.pc.ByteFifo;
import trivium.input.PointerSink;

/**
 * A PS/2 mouse with the Microsoft IntelliMouse extensions: after the sample rates 200, 100, 80 it
 * has a wheel (type 3), after 200, 200, 80 five buttons (type 4), of which we have three. Movement
 * that does not fit the queue is added up. Not modelled: pacing by the sample rate.
 */
final class Ps2Mouse implements Ps2Device {
    private static final int ACK = 0xfa, RESEND = 0xfe, PASSED = 0xaa;
    private static final int SET_RESOLUTION = 0xe8, SET_RATE = 0xf3;
    private static final int PACKET = 4, MOVES = 64 * PACKET;
    private static final int LEFT = 1, RIGHT = 2, MIDDLE = 4, ALWAYS = 8, X_SIGN = 16, Y_SIGN = 32;

    /** More than this is lost rather than kept for later: a pointer that never stops is worse. */
    private static final int MAX_PENDING = 4096;

    /** Saved state. */
    record State(
            boolean reporting,
            boolean remote,
            boolean wrap,
            boolean scaling,
            int resolution,
            int rate,
            int type,
            int rates,
            int command,
            int lastSent,
            int dx,
            int dy,
            int dz,
            int buttons,
            int reportedButtons,
            byte[] answers,
            byte[] moves) {}

    private final ByteFifo answers = new ByteFifo(16);
    private final ByteFifo moves = new ByteFifo(MOVES);
    private boolean reporting, remote, wrap, scaling;
    private int resolution, rate, type, lastSent;

    /** The last three sample rates, newest in the low byte. */
    private int rates;

    private int command;
    private int dx, dy, dz, buttons, reportedButtons;

    Ps2Mouse() {
        reset();
    }

    @Override
    public void reset() {
        answers.clear();
        command = lastSent = rates = 0;
        type = 0;
        wrap = false;
        defaults();
    }

    private void defaults() {
        moves.clear();
        reporting = remote = scaling = false;
        resolution = 2;
        rate = 100;
        dx = dy = dz = 0;
        reportedButtons = buttons;
    }

    /** Movement from a viewer: y down, wheel away from the user positive. */
    void move(int rightBy, int downBy, int pointerButtons, int wheel) {
        buttons =
                ((pointerButtons & PointerSink.LEFT) != 0 ? LEFT : 0)
                        | ((pointerButtons & PointerSink.RIGHT) != 0 ? RIGHT : 0)
                        | ((pointerButtons & PointerSink.MIDDLE) != 0 ? MIDDLE : 0);
        dx = limit(dx, rightBy);
        dy = limit(dy, -(long) downBy);
        dz = limit(dz, -(long) wheel);
        if (reporting && !remote) {
            report();
        }
    }

    /** Makes the guest's driver look for what another mouse has: a packet of no movement. */
    void callAttention() {
        if (reporting && !remote && moves.size() <= PACKET) {
            packet(moves);
        }
    }

    private static int limit(int sum, long add) {
        return Math.clamp(sum + add, -MAX_PENDING, MAX_PENDING);
    }

    private boolean moved() {
        return (dx | dy) != 0 || type != 0 && dz != 0 || buttons != reportedButtons;
    }

    private void report() {
        while (moved() && moves.free() >= PACKET) {
            packet(moves);
        }
    }

    /** One packet of what moved; at most 127 steps each way. */
    private void packet(ByteFifo into) {
        int x = Math.clamp(dx, -127, 127);
        int y = Math.clamp(dy, -127, 127);
        int z = Math.clamp(dz, -7, 7);
        into.add(ALWAYS | buttons | (x < 0 ? X_SIGN : 0) | (y < 0 ? Y_SIGN : 0));
        into.add(x);
        into.add(y);
        if (type != 0) {
            into.add(type == 4 ? z & 15 : z);
        }
        dx -= x;
        dy -= y;
        dz = type == 0 ? 0 : dz - z;
        reportedButtons = buttons;
    }

    @Override
    public boolean hasOutput() {
        return !answers.isEmpty() || command == 0 && !moves.isEmpty();
    }

    @Override
    public int output() {
        if (!answers.isEmpty()) {
            lastSent = answers.poll();
            return lastSent;
        }
        lastSent = moves.poll();
        if (reporting && !remote) {
            report(); // what had no room before
        }
        return lastSent;
    }

    @Override
    public void command(int octet) {
        if (command != 0) {
            parameter(octet);
        } else if (wrap && octet != 0xff && octet != 0xec) {
            answers.add(octet);
        } else {
            answers.clear();
            execute(octet);
        }
    }

    private void execute(int octet) {
        switch (octet) {
            case 0xe6, 0xe7 -> {
                scaling = octet == 0xe7;
                answers.add(ACK);
            }
            case SET_RESOLUTION, SET_RATE -> {
                command = octet;
                answers.add(ACK);
            }
            case 0xe9 -> status();
            case 0xea, 0xf0 -> {
                remote = octet == 0xf0;
                moves.clear();
                answers.add(ACK);
            }
            case 0xeb -> {
                answers.add(ACK);
                packet(answers);
            }
            case 0xec, 0xee -> {
                wrap = octet == 0xee;
                answers.add(ACK);
            }
            case 0xf2 -> {
                answers.add(ACK);
                answers.add(type);
            }
            case 0xf4, 0xf5 -> {
                reporting = octet == 0xf4;
                moves.clear();
                dx = dy = dz = 0;
                answers.add(ACK);
            }
            case 0xf6 -> {
                defaults();
                answers.add(ACK);
            }
            case 0xfe -> answers.add(lastSent);
            case 0xff -> {
                reset();
                answers.add(ACK);
                answers.add(PASSED);
                answers.add(0);
            }
            default -> answers.add(RESEND); // not understood
        }
    }

    private void status() {
        answers.add(ACK);
        int swapped = // status has the buttons in the order left, middle, right from bit 2 down
                (buttons & LEFT) << 2 | (buttons & MIDDLE) >> 1 | (buttons & RIGHT) >> 1;
        answers.add((remote ? 0x40 : 0) | (reporting ? 0x20 : 0) | (scaling ? 0x10 : 0) | swapped);
        answers.add(resolution);
        answers.add(rate);
    }

    private void parameter(int octet) {
        answers.add(ACK);
        if (command == SET_RESOLUTION) {
            resolution = octet & 3;
        } else {
            rate = octet;
            rates = rates << 8 & 0xff_ffff | octet;
            detect();
        }
        command = 0;
    }

    private void detect() {
        if (rates == (200 << 16 | 100 << 8 | 80)) {
            type = 3;
        } else if (rates == (200 << 16 | 200 << 8 | 80)) {
            type = 4;
        }
    }

    State save() {
        return new State(
                reporting,
                remote,
                wrap,
                scaling,
                resolution,
                rate,
                type,
                rates,
                command,
                lastSent,
                dx,
                dy,
                dz,
                buttons,
                reportedButtons,
                answers.save(),
                moves.save());
    }

    void restore(State s) {
        reporting = s.reporting;
        remote = s.remote;
        wrap = s.wrap;
        scaling = s.scaling;
        resolution = s.resolution;
        rate = s.rate;
        type = s.type;
        rates = s.rates;
        command = s.command;
        lastSent = s.lastSent;
        dx = s.dx;
        dy = s.dy;
        dz = s.dz;
        buttons = s.buttons;
        reportedButtons = s.reportedButtons;
        answers.restore(s.answers);
        moves.restore(s.moves);
    }
}
