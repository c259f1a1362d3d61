package trivium.machine.board;

import trivium.bus.IrqLine;
import trivium.bus.PciBus;
import trivium.bus.PciFunction;

/**
 * PCI bus 0. INTA# of device n goes to PIRQ (n - 1) mod 4 and the other pins follow, as firmware
 * for the 440FX expects.
 */
public final class PciRoot implements PciBus {
    private static final int DEVICES = 32, FUNCTIONS = 8, FIRST_FREE = 3;

    private final PciFunction[] functions = new PciFunction[DEVICES * FUNCTIONS];

    /** Guards {@code asserted} and the order of what the router hears; below device monitors. */
    private final Object lines = new Object();

    private final int[] asserted = new int[4];
    private volatile Router router = (_, _) -> {};

    @Override
    public synchronized int plug(int device, int function, PciFunction pciFunction) {
        int at = device >= 0 ? device : firstFree();
        if (at >= DEVICES || function < 0 || function >= FUNCTIONS) {
            throw new IllegalArgumentException("no PCI slot %d.%d".formatted(at, function));
        }
        if (functions[at * FUNCTIONS + function] != null) {
            throw new IllegalArgumentException("PCI slot %d.%d is taken".formatted(at, function));
        }
        functions[at * FUNCTIONS + function] = pciFunction;
        return at;
    }

    private int firstFree() {
        for (int device = FIRST_FREE; device < DEVICES; device++) {
            boolean free = true;
            for (int function = 0; function < FUNCTIONS; function++) {
                free &= functions[device * FUNCTIONS + function] == null;
            }
            if (free) {
                return device;
            }
        }
        throw new IllegalArgumentException("no free PCI slot: 29 devices are plugged");
    }

    @Override
    public synchronized void unplug(int device, int function) {
        functions[device * FUNCTIONS + function] = null;
    }

    private PciFunction at(int device, int function) {
        boolean exists = (device & -DEVICES) == 0 && (function & -FUNCTIONS) == 0;
        return exists ? functions[device * FUNCTIONS + function] : null;
    }

    @Override
    public int readConfig(int device, int function, int register, int size) {
        PciFunction f = at(device, function);
        return f == null ? -1 >>> 32 - size * 8 : f.readConfig(register, size);
    }

    @Override
    public void writeConfig(int device, int function, int register, int size, int value) {
        PciFunction f = at(device, function);
        if (f != null) {
            f.writeConfig(register, size, value);
        }
    }

    @Override
    public IrqLine intx(int device, int pin) {
        int pirq = device + pin - 1 & 3;
        return new Intx(pirq);
    }

    private final class Intx implements IrqLine {
        private final int pirq;
        private boolean level;

        Intx(int pirq) {
            this.pirq = pirq;
        }

        @Override
        public void set(boolean assertedNow) {
            synchronized (lines) {
                if (level == assertedNow) {
                    return;
                }
                level = assertedNow;
                asserted[pirq] += level ? 1 : -1;
                if (asserted[pirq] == (level ? 1 : 0)) {
                    router.set(pirq, level);
                }
            }
        }
    }

    @Override
    public void setRouter(Router router) {
        this.router = router;
    }
}
