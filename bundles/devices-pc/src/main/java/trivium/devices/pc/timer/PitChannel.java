package trivium.devices.pc.timer;

/**
 * One counter of the 8254 as a function of time (Intel 82C54 data sheet "Mode Definitions").
 * Nothing counts: what the counting element and OUT show is computed from the tick at which the
 * count was loaded, so nothing drifts. All times are PIT clocks since power-on.
 */
final class PitChannel {
    /** {@link #nextRise}: OUT does not go up any more. */
    static final long NEVER = Long.MAX_VALUE;

    private static final int LSB = 1, MSB = 2;

    /** Saved registers. */
    record State(
            int mode,
            int access,
            boolean bcd,
            boolean gate,
            boolean loaded,
            boolean running,
            boolean done,
            int count,
            long start,
            int startValue,
            int pendingCount,
            long pendingAt,
            long pendingStart,
            int writeLow,
            boolean writeHigh,
            boolean readHigh,
            int latch,
            int latched,
            int statusLatch) {}

    private int mode, access;
    private boolean bcd, gate;

    /** A count was written since the control word; for modes 1 and 5, also triggered: running. */
    private boolean loaded, running;

    /** In modes 0 and 4: the count ended before the gate stopped it. */
    private boolean done;

    /** The count in force, 1 to 65536. */
    private int count;

    /** At tick {@code start} the counting element held {@code startValue}. */
    private long start;

    private int startValue;

    /** In modes 2 and 3: a count that takes over at tick {@code pendingAt}; 0 is none. */
    private int pendingCount;

    private long pendingAt, pendingStart;

    private int writeLow;
    private boolean writeHigh, readHigh;

    /** Latched count, and which of its bytes are still to be read. */
    private int latch, latched;

    /** Latched status, or -1. */
    private int statusLatch;

    PitChannel(boolean gate) {
        reset(gate);
    }

    /** Undefined on a real chip; firmware programs what it uses. */
    void reset(boolean gateLevel) {
        mode = 3;
        access = LSB | MSB;
        bcd = false;
        gate = gateLevel;
        loaded = running = done = false;
        count = startValue = 0x10000;
        start = 0;
        pendingCount = 0;
        writeHigh = readHigh = false;
        writeLow = latch = latched = 0;
        statusLatch = -1;
    }

    /** Control word other than a latch command: OUT goes to its initial state. */
    void control(int value) {
        access = value >>> 4 & 3;
        int m = value >>> 1 & 7;
        mode = m > 5 ? m - 4 : m; // x10 and x11
        bcd = (value & 1) != 0;
        loaded = running = done = false;
        pendingCount = 0;
        writeHigh = readHigh = false;
        latched = 0;
        statusLatch = -1;
    }

    private int modulus() {
        return bcd ? 10000 : 0x10000;
    }

    void write(int value, long now) {
        settle(now);
        if (access == LSB) {
            load(value, now);
        } else if (access == MSB) {
            load(value << 8, now);
        } else if (writeHigh) {
            writeHigh = false;
            load(value << 8 | writeLow, now);
        } else {
            writeLow = value;
            writeHigh = true;
            if (mode == 0) {
                loaded = running = done = false; // the first byte stops the count and takes OUT low
            }
        }
    }

    private void load(int raw, long now) {
        int n = bcd ? fromBcd(raw) : raw;
        n = n == 0 ? modulus() : n;
        if (periodic() && running) {
            schedule(n, now);
            return;
        }
        boolean armedOnly = triggered() && running;
        loaded = true;
        if (armedOnly) {
            pendingCount = n; // takes effect at the next trigger
            return;
        }
        count = n;
        if (!triggered()) {
            start = now + 1; // loaded by the next clock
            startValue = n;
            running = gate;
            done = false;
        }
    }

    private boolean periodic() {
        return mode == 2 || mode == 3;
    }

    private boolean triggered() {
        return mode == 1 || mode == 5;
    }

    /** Mode 2 takes a new count at the end of a period, mode 3 at the end of a half. */
    private void schedule(int n, long now) {
        long elapsed = Math.max(0, now - start);
        long periodEnd = start + (elapsed / count + 1) * count;
        long half = periodEnd - count + high(count);
        pendingCount = n;
        boolean atHalf = mode == 3 && now < half;
        pendingAt = atHalf ? half : periodEnd;
        pendingStart = atHalf ? half - high(n) : periodEnd;
    }

    /** Clocks that OUT is high in a period of mode 3. */
    private static int high(int n) {
        return n + 1 >> 1;
    }

    /** Lets a scheduled count take over if its time has come. */
    void settle(long now) {
        if (periodic() && running && pendingCount != 0 && now >= pendingAt) {
            count = startValue = pendingCount;
            start = pendingStart;
            pendingCount = 0;
        }
    }

    /** Data sheet "Gate Pin Operations Summary". */
    void setGate(boolean level, long now) {
        settle(now);
        if (level == gate) {
            return;
        }
        gate = level;
        if (triggered()) {
            if (level && loaded) {
                trigger(now);
            }
        } else if (level) {
            resume(now);
        } else if (running) {
            done |= !periodic() && now - start >= startValue + (mode == 4 ? 1 : 0);
            startValue = periodic() ? count : element(now);
            running = false;
        }
    }

    private void trigger(long now) {
        if (pendingCount != 0) {
            count = pendingCount;
            pendingCount = 0;
        }
        restart(now, count);
    }

    private void resume(long now) {
        if (!loaded) {
            return;
        }
        if (periodic()) {
            trigger(now);
        } else if (startValue == 0) {
            restart(now, modulus());
        } else {
            restart(now, startValue);
        }
    }

    private void restart(long now, int from) {
        start = now + 1;
        startValue = from;
        running = true;
    }

    /** What the counting element holds, 0 to 65535. */
    private int element(long now) {
        if (!running) {
            return startValue % modulus();
        }
        long elapsed = Math.max(0, now - start);
        return switch (mode) {
            case 2 -> (int) (count - elapsed % count) % modulus();
            case 3 -> squareElement((int) (elapsed % count)) % modulus();
            default -> (int) Math.floorMod(startValue - elapsed, (long) modulus());
        };
    }

    /** Mode 3 counts by two, twice a period, from the even part of the count. */
    private int squareElement(int phase) {
        int half = high(count);
        int even = count & ~1;
        int left = even - 2 * (phase < half ? phase : phase - half);
        return left <= 0 ? even : left;
    }

    boolean out(long now) {
        settle(now);
        long elapsed = now - start;
        return switch (mode) {
            case 0 -> loaded && (done || running && elapsed >= startValue);
            case 1 -> !running || elapsed < 0 || elapsed >= count;
            case 2 -> !running || elapsed < 0 || elapsed % count != count - 1;
            case 3 -> !running || elapsed < 0 || elapsed % count < high(count);
            default -> !running || done || elapsed != startValue; // 4 and 5: one low clock
        };
    }

    /** The first tick after {@code now} at which OUT goes from low to high, or NEVER. */
    long nextRise(long now) {
        settle(now);
        if (!running || done) {
            return NEVER;
        }
        long elapsed = now - start;
        long rise =
                switch (mode) {
                    case 0 -> start + startValue;
                    case 1 -> start + count;
                    case 4, 5 -> start + startValue + 1;
                    default -> start + (Math.max(0, elapsed) / count + 1) * count;
                };
        if (periodic() && pendingCount != 0 && rise > pendingAt) {
            rise = pendingStart + pendingCount;
        }
        return rise > now ? rise : NEVER;
    }

    /** Clocks between rises; 0 if it is not periodic. */
    int period() {
        return periodic() ? count : 0;
    }

    void latchCount(long now) {
        settle(now);
        if (latched == 0) {
            latch = counterBits(now);
            latched = access == 0 ? LSB | MSB : access;
        }
    }

    void latchStatus(long now) {
        if (statusLatch < 0) {
            boolean nullCount = !loaded || pendingCount != 0;
            statusLatch =
                    (out(now) ? 0x80 : 0)
                            | (nullCount ? 0x40 : 0)
                            | access << 4
                            | mode << 1
                            | (bcd ? 1 : 0);
        }
    }

    private int counterBits(long now) {
        int value = element(now);
        return bcd ? toBcd(value) : value;
    }

    int read(long now) {
        settle(now);
        if (statusLatch >= 0) {
            int status = statusLatch;
            statusLatch = -1;
            return status;
        }
        if (latched != 0) {
            return readLatch();
        }
        int bits = counterBits(now);
        boolean high = access == MSB || access == (LSB | MSB) && readHigh;
        readHigh = access == (LSB | MSB) && !readHigh;
        return high ? bits >>> 8 : bits & 0xff;
    }

    private int readLatch() {
        if ((latched & LSB) != 0) {
            latched &= ~LSB;
            return latch & 0xff;
        }
        latched = 0;
        return latch >>> 8;
    }

    private static int fromBcd(int raw) {
        return (raw >>> 12) * 1000 + (raw >>> 8 & 15) * 100 + (raw >>> 4 & 15) * 10 + (raw & 15);
    }

    private static int toBcd(int n) {
        return n / 1000 % 10 << 12 | n / 100 % 10 << 8 | n / 10 % 10 << 4 | n % 10;
    }

    State save() {
        return new State(
                mode,
                access,
                bcd,
                gate,
                loaded,
                running,
                done,
                count,
                start,
                startValue,
                pendingCount,
                pendingAt,
                pendingStart,
                writeLow,
                writeHigh,
                readHigh,
                latch,
                latched,
                statusLatch);
    }

    void restore(State s) {
        mode = s.mode;
        access = s.access;
        bcd = s.bcd;
        gate = s.gate;
        loaded = s.loaded;
        running = s.running;
        done = s.done;
        count = Math.max(1, s.count);
        start = s.start;
        startValue = s.startValue;
        pendingCount = s.pendingCount;
        pendingAt = s.pendingAt;
        pendingStart = s.pendingStart;
        writeLow = s.writeLow;
        writeHigh = s.writeHigh;
        readHigh = s.readHigh;
        latch = s.latch;
        latched = s.latched;
        statusLatch = s.statusLatch;
    }
}
