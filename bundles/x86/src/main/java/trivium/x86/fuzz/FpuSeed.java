package trivium.x86.fuzz;

import java.util.Random;
import trivium.cpu.CpuModel;
import trivium.cpu.VcpuState;

/** Random x87, MMX and SSE state, with all exceptions masked nine times in ten. */
final class FpuSeed {
    private final Random random;
    private final CpuModel model;

    FpuSeed(Random random, CpuModel model) {
        this.random = random;
        this.model = model;
    }

    void fill(VcpuState s) {
        boolean masked = random.nextInt(10) != 0;
        int precision = new int[] {0, 2, 3, 3, 3}[random.nextInt(5)];
        int rounding = random.nextInt(3) == 0 ? random.nextInt(4) : 0;
        s.fcw = 0x40 | precision << 8 | rounding << 10 | (masked ? 0x3f : random.nextInt(0x40));
        s.fsw = random.nextInt(8) << 11 | random.nextInt(8) << 8;
        s.fsw |= masked && random.nextBoolean() ? random.nextInt(0x40) : 0;
        s.ftw = random.nextInt(256) | random.nextInt(256);
        for (int i = 0; i < 8; i++) {
            register(s, i);
        }
        if (!model.atLeast(CpuModel.PENTIUM3)) {
            return;
        }
        int mode = random.nextInt(3) == 0 ? random.nextInt(8) << 13 : 0;
        mode |= model == CpuModel.X86_64 && random.nextInt(6) == 0 ? 0x40 : 0;
        s.mxcsr = mode | (masked ? 0x1f80 | random.nextInt(0x40) : random.nextInt(0x40) << 7);
        for (int i = 0; i < (model == CpuModel.X86_64 ? 32 : 16); i++) {
            s.xmm[i] = Numbers.any(random);
        }
    }

    private void register(VcpuState s, int i) {
        long bits = Double.doubleToRawLongBits(Numbers.real(random));
        int sign = bits < 0 ? 0x8000 : 0;
        int exponent = (int) (bits >>> 52) & 0x7ff;
        if (random.nextInt(8) == 0) {
            s.fpMantissa[i] = Numbers.any(random);
            s.fpSignExponent[i] = random.nextInt(0x10000);
        } else if (exponent == 0) {
            s.fpSignExponent[i] = sign;
        } else {
            s.fpMantissa[i] = 1L << 63 | bits << 11;
            s.fpSignExponent[i] = sign | (exponent == 0x7ff ? 0x7fff : exponent - 1023 + 16383);
        }
    }
}
