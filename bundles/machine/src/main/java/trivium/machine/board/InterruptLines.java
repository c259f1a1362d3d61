package trivium.machine.board;

import trivium.bus.IrqLine;
import trivium.device.InterruptController;

/**
 * The wires to the interrupt controllers: global system interrupts 0 to 23, of which 0 to 15 are
 * the ISA lines and reach the PICs too. ISA line 0 comes in at IO-APIC pin 2. A wire is asserted
 * while any of its sources asserts it.
 */
final class InterruptLines {
    static final int LINES = 24, ISA_LINES = 16;

    private final Wire[] wires = new Wire[LINES];
    private volatile InterruptController pic, ioApic;

    InterruptLines() {
        for (int i = 0; i < LINES; i++) {
            wires[i] = new Wire(i);
        }
    }

    /** Joins the PIC pair to lines 0 to 15 at their present levels. */
    void setPic(InterruptController controller) {
        pic = controller;
        replay();
    }

    void setIoApic(InterruptController controller) {
        ioApic = controller;
        replay();
    }

    private void replay() {
        for (Wire wire : wires) {
            wire.replay();
        }
    }

    /** A new source of line 0 to 23. */
    IrqLine source(int line) {
        return new Source(wires[line]);
    }

    /** One wire; its monitor keeps levels in order and is taken below device monitors. */
    private final class Wire {
        private final int line;
        private int sources;

        Wire(int line) {
            this.line = line;
        }

        synchronized void add(int change) {
            sources += change;
            if (sources == (change > 0 ? 1 : 0)) {
                drive(change > 0);
            }
        }

        /** An edge, even while others assert the wire: as if there were none. */
        synchronized void pulse() {
            if (sources > 0) {
                drive(false);
            }
            drive(true);
            if (sources == 0) {
                drive(false);
            }
        }

        synchronized void replay() {
            if (sources > 0) {
                drive(true);
            }
        }

        private void drive(boolean asserted) {
            InterruptController toPic = pic, toIoApic = ioApic;
            if (toPic != null && line < ISA_LINES) {
                synchronized (toPic) {
                    toPic.setLine(line, asserted);
                }
            }
            if (toIoApic != null) {
                toIoApic.setLine(line == 0 ? 2 : line, asserted);
            }
        }
    }

    private static final class Source implements IrqLine {
        private final Wire wire;
        private boolean level;

        Source(Wire wire) {
            this.wire = wire;
        }

        @Override
        public void set(boolean asserted) {
            synchronized (wire) {
                if (level != asserted) {
                    level = asserted;
                    wire.add(asserted ? 1 : -1);
                }
            }
        }

        @Override
        public void pulse() {
            wire.pulse();
        }
    }
}
