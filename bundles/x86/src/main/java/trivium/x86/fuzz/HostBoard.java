package trivium.x86.fuzz;

import static trivium.x86.fuzz.Layout.CODE;
import static trivium.x86.fuzz.Layout.TABLES;
import static trivium.x86.fuzz.Layout.WINDOW;

import java.util.Arrays;
import trivium.cpu.CpuModel;
import trivium.cpu.ExecutionEngine;
import trivium.cpu.Segment;
import trivium.cpu.VcpuExit;
import trivium.cpu.VcpuRunner;
import trivium.cpu.VcpuState;
import trivium.x86.Reset;

/**
 * An engine with 64-bit user code whose code and data have the linear addresses that they have on
 * the host, so that registers may hold pointers and yet be compared. Faults end a program: there
 * are no handlers.
 */
final class HostBoard implements AutoCloseable {
    static final CpuModel MODEL = CpuModel.X86_64;
    static final int DATA_BYTES = Layout.WINDOW_END - WINDOW;
    private static final int HLT = 0xf4, US_RW_P = 7, ACCESSED_DIRTY = 0x60;

    final FuzzVcpu vcpu = new FuzzVcpu(MODEL);
    final VcpuRunner runner;
    private final byte[] image = new byte[FuzzMemory.RAM_BYTES];
    private final long code;

    // The next page for a table.
    private int tables = TABLES + 0x1000;

    /**
     * @param code linear address of programs, in one page
     * @param data linear address of {@link #DATA_BYTES}, aligned to that
     */
    HostBoard(ExecutionEngine engine, long code, long data) {
        this.code = code;
        map(code & -4096, CODE);
        for (int at = 0; at < DATA_BYTES; at += 4096) {
            map(data + at, WINDOW + at);
        }
        runner = engine.attach(vcpu, new WalkingStrategy());
    }

    private void map(long linear, int gpa) {
        int table = TABLES;
        for (int shift = 39; shift > 12; shift -= 9) {
            int at = table + 8 * (int) (linear >>> shift & 511);
            int next = entry(at) & -4096;
            if (next == 0) {
                next = tables;
                tables += 0x1000;
                entry(at, next);
            }
            table = next;
        }
        entry(table + 8 * (int) (linear >>> 12 & 511), gpa);
    }

    private int entry(int at) {
        return image[at] & 0xff | (image[at + 1] & 0xff) << 8 | (image[at + 2] & 0xff) << 16;
    }

    private void entry(int at, int gpa) {
        new ImageWriter(image).at(at).value(8, gpa | US_RW_P | ACCESSED_DIRTY);
    }

    /** The state in which a program begins, general registers and floating point apart. */
    VcpuState start() {
        VcpuState s = new VcpuState();
        Reset.powerOn(s, MODEL);
        s.cr0 = 0x8001_0031L;
        s.cr3 = TABLES;
        s.cr4 = 0x620;
        s.efer = 0xd01;
        s.idtrLimit = 0;
        for (Segment segment : s.segments) {
            segment.set(Layout.USER_DATA, 0, 0xffff_ffffL, 0xc0f3);
        }
        s.segments[VcpuState.CS].set(Layout.USER_CODE64, 0, 0xffff_ffffL, 0xa0fb);
        s.rip = code;
        return s;
    }

    /** Behind the program is a HLT, which ends it with a fault. */
    void load(VcpuState s, byte[] program, byte[] data) {
        int at = CODE + (int) (code & 0xfff);
        System.arraycopy(program, 0, image, at, program.length);
        Arrays.fill(image, at + program.length, CODE + 4096, (byte) HLT);
        System.arraycopy(data, 0, image, WINDOW, data.length);
        vcpu.reset();
        vcpu.memory.load(image);
        vcpu.state().set(s);
    }

    /** Puts one more instruction where the program ended so far. */
    void append(int offset, byte[] instruction) {
        long at = CODE + (code & 0xfff) + offset;
        for (int i = 0; i < instruction.length; i++) {
            vcpu.memory.write(at + i, 1, instruction[i]);
        }
        vcpu.memory.write(at + instruction.length, 1, HLT);
    }

    /** Runs to the end. */
    VcpuState run() {
        VcpuExit exit = runner.run();
        if (exit != VcpuExit.TRIPLE_FAULT) {
            throw new IllegalStateException("a program without end: " + exit);
        }
        vcpu.state().activity = VcpuState.ACTIVE;
        return vcpu.state();
    }

    byte[] data() {
        byte[] data = new byte[DATA_BYTES];
        vcpu.memory.read(WINDOW, data, 0, data.length);
        return data;
    }

    @Override
    public void close() {
        runner.close();
        vcpu.memory.close();
    }
}
