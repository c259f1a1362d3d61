package trivium.x86.decode;

/**
 * Operand codes (SDM Vol. 2D, App. A "Codes for Addressing Method" and "Codes for Operand Type"),
 * with a place and a size. Size 0 means the effective operand size; SIZE_Z that size but 4 for 8;
 * SIZE_Y 4, or 8 with REX.W.
 */
public enum Operand {
    // general register or memory, from ModR/M
    Eb(Place.RM, 1),
    Ew(Place.RM, 2),
    Ed(Place.RM, 4),
    Eq(Place.RM, 8),
    Ev(Place.RM, 0),
    Ey(Place.RM, Operand.SIZE_Y),
    // general register, from ModR/M reg
    Gb(Place.REG, 1),
    Gw(Place.REG, 2),
    Gd(Place.REG, 4),
    Gv(Place.REG, 0),
    Gz(Place.REG, Operand.SIZE_Z),
    Gy(Place.REG, Operand.SIZE_Y),
    // general register, from ModR/M rm with mod 3 only
    Rv(Place.RM, 0),
    Ry(Place.RM, Operand.SIZE_Y),
    // register in the opcode's low three bits
    Zb(Place.OPCODE, 1),
    Zv(Place.OPCODE, 0),
    // fixed registers
    AL(Place.ACCUMULATOR, 1),
    AX(Place.ACCUMULATOR, 2),
    rAX(Place.ACCUMULATOR, 0),
    CL(Place.COUNT, 1),
    DX(Place.PORT, 2),
    ONE(Place.CONSTANT_ONE, 1),
    // immediates; IbS is sign-extended to the operand size
    Ib(Place.IMM, 1),
    IbS(Place.IMM, 1),
    Iw(Place.IMM, 2),
    Iz(Place.IMM, Operand.SIZE_Z),
    Iv(Place.IMM, 0),
    Ib2(Place.IMM2, 1),
    // branch targets, far pointers, direct offsets
    Jb(Place.RELATIVE, 1),
    Jz(Place.RELATIVE, Operand.SIZE_Z),
    Ap(Place.FAR_POINTER, 0),
    Ob(Place.MOFFS, 1),
    Ov(Place.MOFFS, 0),
    // memory only
    M(Place.MEMORY, 0),
    Mb(Place.MEMORY, 1),
    Mw(Place.MEMORY, 2),
    Md(Place.MEMORY, 4),
    Mq(Place.MEMORY, 8),
    Mt(Place.MEMORY, 10),
    Mdq(Place.MEMORY, 16),
    Ma(Place.MEMORY, 0),
    Mp(Place.MEMORY, 0),
    Ms(Place.MEMORY, 0),
    My(Place.MEMORY, Operand.SIZE_Y),
    // strings
    Xb(Place.STRING_SOURCE, 1),
    Xv(Place.STRING_SOURCE, 0),
    Xz(Place.STRING_SOURCE, Operand.SIZE_Z),
    Yb(Place.STRING_TARGET, 1),
    Yv(Place.STRING_TARGET, 0),
    Yz(Place.STRING_TARGET, Operand.SIZE_Z),
    // segment, control, debug registers
    Sw(Place.SEGMENT, 2),
    ES(Place.FIXED_SEGMENT, 2),
    CS(Place.FIXED_SEGMENT, 2),
    SS(Place.FIXED_SEGMENT, 2),
    DS(Place.FIXED_SEGMENT, 2),
    FS(Place.FIXED_SEGMENT, 2),
    GS(Place.FIXED_SEGMENT, 2),
    Cd(Place.CONTROL, 0),
    Dd(Place.DEBUG, 0),
    // MMX: P reg, Q register or memory, N register
    Pd(Place.MMX_REG, 4),
    Pq(Place.MMX_REG, 8),
    Qd(Place.MMX_RM, 4),
    Qq(Place.MMX_RM, 8),
    Nq(Place.MMX_RM, 8),
    // XMM: V reg, W register or memory, U register. The size is that of the memory form.
    Vx(Place.XMM_REG, 16),
    Vss(Place.XMM_REG, 4),
    Vsd(Place.XMM_REG, 8),
    Vq(Place.XMM_REG, 8),
    Wx(Place.XMM_RM, 16),
    Wss(Place.XMM_RM, 4),
    Wsd(Place.XMM_RM, 8),
    Wq(Place.XMM_RM, 8),
    Wd(Place.XMM_RM, 4),
    Ww(Place.XMM_RM, 2),
    Ux(Place.XMM_RM, 16),
    Uq(Place.XMM_RM, 8),
    // general register or memory where the memory form has another size than the register
    RdMb(Place.RM, 1),
    RdMw(Place.RM, 2),
    // x87
    ST0(Place.X87_TOP, 10),
    STi(Place.X87_RM, 10);

    /** Where an operand is found. */
    public enum Place {
        RM,
        REG,
        OPCODE,
        ACCUMULATOR,
        COUNT,
        PORT,
        CONSTANT_ONE,
        IMM,
        IMM2,
        RELATIVE,
        FAR_POINTER,
        MOFFS,
        MEMORY,
        STRING_SOURCE,
        STRING_TARGET,
        SEGMENT,
        FIXED_SEGMENT,
        CONTROL,
        DEBUG,
        MMX_REG,
        MMX_RM,
        XMM_REG,
        XMM_RM,
        X87_TOP,
        X87_RM
    }

    public static final int SIZE_Z = -1, SIZE_Y = -2;

    final Place place;
    final int size;

    Operand(Place place, int size) {
        this.place = place;
        this.size = size;
    }

    public Place place() {
        return place;
    }

    /** The operand's width in bytes for an effective operand size of 2, 4 or 8. */
    public int bytes(int operandSize) {
        return switch (size) {
            case 0 -> operandSize;
            case SIZE_Z -> Math.min(operandSize, 4);
            case SIZE_Y -> Math.max(operandSize, 4);
            default -> size;
        };
    }
}
