package trivium.x86.decode;

import static trivium.x86.decode.Feature.*;
import static trivium.x86.decode.Mnemonic.*;
import static trivium.x86.decode.OpcodeTable.insn;
import static trivium.x86.decode.Operand.*;
import static trivium.x86.decode.Row.Attribute.*;

import java.util.ArrayList;
import java.util.List;

/**
 * MMX and SSE to SSE4.2 (SDM Vol. 2D, App. A, Tables ). Departures from the map: PAUSE is
 * an XCHG, and POPCNT is among the integer instructions.
 */
final class SimdRows {
    private static final int NP = Row.NONE, P66 = 0x66, F2 = 0xf2, F3 = 0xf3;

    static final List<Row> ROWS = rows();

    private SimdRows() {}

    // spotless:off
    private static List<Row> rows() {
        List<Row> t = new ArrayList<>();
        moves(t);
        floats(t);
        conversions(t);
        integers(t);
        shifts(t);
        map38(t);
        map3a(t);
        control(t);
        return t;
    }

    private static void moves(List<Row> t) {
        t.addAll(List.of(
            insn(0x0f10, MOVUPS, Vx, Wx).pfx(NP).on(SSE), insn(0x0f11, MOVUPS, Wx, Vx).pfx(NP).on(SSE),
            insn(0x0f10, MOVSS, Vss, Wss).pfx(F3).on(SSE), insn(0x0f11, MOVSS, Wss, Vss).pfx(F3).on(SSE),
            insn(0x0f10, MOVUPD, Vx, Wx).pfx(P66).on(SSE2), insn(0x0f11, MOVUPD, Wx, Vx).pfx(P66).on(SSE2),
            insn(0x0f10, MOVSD, Vsd, Wsd).pfx(F2).on(SSE2), insn(0x0f11, MOVSD, Wsd, Vsd).pfx(F2).on(SSE2),
            insn(0x0f12, MOVLPS, Vq, Mq).pfx(NP).mem().on(SSE), insn(0x0f12, MOVHLPS, Vx, Ux).pfx(NP).reg().on(SSE),
            insn(0x0f13, MOVLPS, Mq, Vq).pfx(NP).mem().on(SSE),
            insn(0x0f16, MOVHPS, Vq, Mq).pfx(NP).mem().on(SSE), insn(0x0f16, MOVLHPS, Vx, Ux).pfx(NP).reg().on(SSE),
            insn(0x0f17, MOVHPS, Mq, Vq).pfx(NP).mem().on(SSE),
            insn(0x0f12, MOVLPD, Vq, Mq).pfx(P66).mem().on(SSE2), insn(0x0f13, MOVLPD, Mq, Vq).pfx(P66).mem().on(SSE2),
            insn(0x0f16, MOVHPD, Vq, Mq).pfx(P66).mem().on(SSE2), insn(0x0f17, MOVHPD, Mq, Vq).pfx(P66).mem().on(SSE2),
            insn(0x0f12, MOVSLDUP, Vx, Wx).pfx(F3).on(SSE3), insn(0x0f16, MOVSHDUP, Vx, Wx).pfx(F3).on(SSE3),
            insn(0x0f12, MOVDDUP, Vx, Wq).pfx(F2).on(SSE3),
            insn(0x0f28, MOVAPS, Vx, Wx).pfx(NP).on(SSE), insn(0x0f29, MOVAPS, Wx, Vx).pfx(NP).on(SSE),
            insn(0x0f28, MOVAPD, Vx, Wx).pfx(P66).on(SSE2), insn(0x0f29, MOVAPD, Wx, Vx).pfx(P66).on(SSE2),
            insn(0x0f2b, MOVNTPS, Mdq, Vx).pfx(NP).mem().on(SSE), insn(0x0f2b, MOVNTPD, Mdq, Vx).pfx(P66).mem().on(SSE2),
            insn(0x0f50, MOVMSKPS, Gd, Ux).pfx(NP).reg().on(SSE), insn(0x0f50, MOVMSKPD, Gd, Ux).pfx(P66).reg().on(SSE2),
            insn(0x0f6e, MOVD, Pd, Ey).pfx(NP).on(MMX), insn(0x0f7e, MOVD, Ey, Pd).pfx(NP).on(MMX),
            insn(0x0f6e, MOVD, Vx, Ey).pfx(P66).on(SSE2), insn(0x0f7e, MOVD, Ey, Vx).pfx(P66).on(SSE2),
            insn(0x0f6f, MOVQ, Pq, Qq).pfx(NP).on(MMX), insn(0x0f7f, MOVQ, Qq, Pq).pfx(NP).on(MMX),
            insn(0x0f6f, MOVDQA, Vx, Wx).pfx(P66).on(SSE2), insn(0x0f7f, MOVDQA, Wx, Vx).pfx(P66).on(SSE2),
            insn(0x0f6f, MOVDQU, Vx, Wx).pfx(F3).on(SSE2), insn(0x0f7f, MOVDQU, Wx, Vx).pfx(F3).on(SSE2),
            insn(0x0f7e, MOVQ, Vq, Wq).pfx(F3).on(SSE2), insn(0x0fd6, MOVQ, Wq, Vq).pfx(P66).on(SSE2),
            insn(0x0fd6, MOVQ2DQ, Vx, Nq).pfx(F3).reg().on(SSE2), insn(0x0fd6, MOVDQ2Q, Pq, Uq).pfx(F2).reg().on(SSE2),
            insn(0x0fe7, MOVNTQ, Mq, Pq).pfx(NP).mem().on(SSE), insn(0x0fe7, MOVNTDQ, Mdq, Vx).pfx(P66).mem().on(SSE2),
            insn(0x0fc3, MOVNTI, My, Gy).pfx(NP).mem().on(SSE2), insn(0x0ff0, LDDQU, Vx, Mdq).pfx(F2).mem().on(SSE3),
            insn(0x0fd7, PMOVMSKB, Gd, Nq).pfx(NP).reg().on(SSE), insn(0x0fd7, PMOVMSKB, Gd, Ux).pfx(P66).reg().on(SSE2),
            insn(0x0ff7, MASKMOVQ, Pq, Nq).pfx(NP).reg().on(SSE), insn(0x0ff7, MASKMOVDQU, Vx, Ux).pfx(P66).reg().on(SSE2),
            insn(0x0fc4, PINSRW, Pq, RdMw, Ib).pfx(NP).on(SSE), insn(0x0fc4, PINSRW, Vx, RdMw, Ib).pfx(P66).on(SSE2),
            insn(0x0fc5, PEXTRW, Gd, Nq, Ib).pfx(NP).reg().on(SSE), insn(0x0fc5, PEXTRW, Gd, Ux, Ib).pfx(P66).reg().on(SSE2)));
    }

    /** PS, SS, PD and SD forms of one opcode. */
    private static void four(List<Row> t, int opcode, Mnemonic ps, Mnemonic ss, Mnemonic pd, Mnemonic sd) {
        t.add(insn(opcode, ps, Vx, Wx).pfx(NP).on(SSE));
        t.add(insn(opcode, ss, Vss, Wss).pfx(F3).on(SSE));
        t.add(insn(opcode, pd, Vx, Wx).pfx(P66).on(SSE2));
        t.add(insn(opcode, sd, Vsd, Wsd).pfx(F2).on(SSE2));
    }

    private static void two(List<Row> t, int opcode, Mnemonic ps, Mnemonic pd) {
        t.add(insn(opcode, ps, Vx, Wx).pfx(NP).on(SSE));
        t.add(insn(opcode, pd, Vx, Wx).pfx(P66).on(SSE2));
    }

    private static void floats(List<Row> t) {
        four(t, 0x0f51, SQRTPS, SQRTSS, SQRTPD, SQRTSD);
        four(t, 0x0f58, ADDPS, ADDSS, ADDPD, ADDSD);
        four(t, 0x0f59, MULPS, MULSS, MULPD, MULSD);
        four(t, 0x0f5c, SUBPS, SUBSS, SUBPD, SUBSD);
        four(t, 0x0f5d, MINPS, MINSS, MINPD, MINSD);
        four(t, 0x0f5e, DIVPS, DIVSS, DIVPD, DIVSD);
        four(t, 0x0f5f, MAXPS, MAXSS, MAXPD, MAXSD);
        two(t, 0x0f14, UNPCKLPS, UNPCKLPD);
        two(t, 0x0f15, UNPCKHPS, UNPCKHPD);
        two(t, 0x0f54, ANDPS, ANDPD);
        two(t, 0x0f55, ANDNPS, ANDNPD);
        two(t, 0x0f56, ORPS, ORPD);
        two(t, 0x0f57, XORPS, XORPD);
        t.addAll(List.of(
            insn(0x0f2e, UCOMISS, Vss, Wss).pfx(NP).on(SSE), insn(0x0f2e, UCOMISD, Vsd, Wsd).pfx(P66).on(SSE2),
            insn(0x0f2f, COMISS, Vss, Wss).pfx(NP).on(SSE), insn(0x0f2f, COMISD, Vsd, Wsd).pfx(P66).on(SSE2),
            insn(0x0f52, RSQRTPS, Vx, Wx).pfx(NP).on(SSE), insn(0x0f52, RSQRTSS, Vss, Wss).pfx(F3).on(SSE),
            insn(0x0f53, RCPPS, Vx, Wx).pfx(NP).on(SSE), insn(0x0f53, RCPSS, Vss, Wss).pfx(F3).on(SSE),
            insn(0x0f7c, HADDPD, Vx, Wx).pfx(P66).on(SSE3), insn(0x0f7c, HADDPS, Vx, Wx).pfx(F2).on(SSE3),
            insn(0x0f7d, HSUBPD, Vx, Wx).pfx(P66).on(SSE3), insn(0x0f7d, HSUBPS, Vx, Wx).pfx(F2).on(SSE3),
            insn(0x0fd0, ADDSUBPD, Vx, Wx).pfx(P66).on(SSE3), insn(0x0fd0, ADDSUBPS, Vx, Wx).pfx(F2).on(SSE3),
            insn(0x0fc2, CMPPS, Vx, Wx, Ib).pfx(NP).on(SSE), insn(0x0fc2, CMPSS, Vss, Wss, Ib).pfx(F3).on(SSE),
            insn(0x0fc2, CMPPD, Vx, Wx, Ib).pfx(P66).on(SSE2), insn(0x0fc2, CMPSD, Vsd, Wsd, Ib).pfx(F2).on(SSE2),
            insn(0x0fc6, SHUFPS, Vx, Wx, Ib).pfx(NP).on(SSE), insn(0x0fc6, SHUFPD, Vx, Wx, Ib).pfx(P66).on(SSE2)));
    }

    private static void conversions(List<Row> t) {
        t.addAll(List.of(
            insn(0x0f2a, CVTPI2PS, Vx, Qq).pfx(NP).on(SSE), insn(0x0f2a, CVTSI2SS, Vss, Ey).pfx(F3).on(SSE),
            insn(0x0f2a, CVTPI2PD, Vx, Qq).pfx(P66).on(SSE2), insn(0x0f2a, CVTSI2SD, Vsd, Ey).pfx(F2).on(SSE2),
            insn(0x0f2c, CVTTPS2PI, Pq, Wq).pfx(NP).on(SSE), insn(0x0f2c, CVTTSS2SI, Gy, Wss).pfx(F3).on(SSE),
            insn(0x0f2c, CVTTPD2PI, Pq, Wx).pfx(P66).on(SSE2), insn(0x0f2c, CVTTSD2SI, Gy, Wsd).pfx(F2).on(SSE2),
            insn(0x0f2d, CVTPS2PI, Pq, Wq).pfx(NP).on(SSE), insn(0x0f2d, CVTSS2SI, Gy, Wss).pfx(F3).on(SSE),
            insn(0x0f2d, CVTPD2PI, Pq, Wx).pfx(P66).on(SSE2), insn(0x0f2d, CVTSD2SI, Gy, Wsd).pfx(F2).on(SSE2),
            insn(0x0f5a, CVTPS2PD, Vx, Wq).pfx(NP).on(SSE2), insn(0x0f5a, CVTSS2SD, Vsd, Wss).pfx(F3).on(SSE2),
            insn(0x0f5a, CVTPD2PS, Vx, Wx).pfx(P66).on(SSE2), insn(0x0f5a, CVTSD2SS, Vss, Wsd).pfx(F2).on(SSE2),
            insn(0x0f5b, CVTDQ2PS, Vx, Wx).pfx(NP).on(SSE2), insn(0x0f5b, CVTPS2DQ, Vx, Wx).pfx(P66).on(SSE2),
            insn(0x0f5b, CVTTPS2DQ, Vx, Wx).pfx(F3).on(SSE2), insn(0x0fe6, CVTDQ2PD, Vx, Wq).pfx(F3).on(SSE2),
            insn(0x0fe6, CVTTPD2DQ, Vx, Wx).pfx(P66).on(SSE2), insn(0x0fe6, CVTPD2DQ, Vx, Wx).pfx(F2).on(SSE2)));
    }

    /** The MMX form, on CPUs with {@code mmx}, and the XMM form. */
    private static void both(List<Row> t, int opcode, Mnemonic m, Feature mmx, Feature xmm) {
        t.add(insn(opcode, m, Pq, Qq).pfx(NP).on(mmx));
        t.add(insn(opcode, m, Vx, Wx).pfx(P66).on(xmm));
    }

    private static void both(List<Row> t, int opcode, Feature mmx, Mnemonic... consecutive) {
        for (int i = 0; i < consecutive.length; i++) {
            both(t, opcode + i, consecutive[i], mmx, SSE2);
        }
    }

    private static void integers(List<Row> t) {
        t.add(insn(0x0f60, PUNPCKLBW, Pq, Qd).pfx(NP).on(MMX));
        t.add(insn(0x0f61, PUNPCKLWD, Pq, Qd).pfx(NP).on(MMX));
        t.add(insn(0x0f62, PUNPCKLDQ, Pq, Qd).pfx(NP).on(MMX));
        t.add(insn(0x0f60, PUNPCKLBW, Vx, Wx).pfx(P66).on(SSE2));
        t.add(insn(0x0f61, PUNPCKLWD, Vx, Wx).pfx(P66).on(SSE2));
        t.add(insn(0x0f62, PUNPCKLDQ, Vx, Wx).pfx(P66).on(SSE2));
        both(t, 0x0f63, MMX, PACKSSWB, PCMPGTB, PCMPGTW, PCMPGTD, PACKUSWB, PUNPCKHBW, PUNPCKHWD, PUNPCKHDQ, PACKSSDW);
        t.add(insn(0x0f6c, PUNPCKLQDQ, Vx, Wx).pfx(P66).on(SSE2));
        t.add(insn(0x0f6d, PUNPCKHQDQ, Vx, Wx).pfx(P66).on(SSE2));
        both(t, 0x0f74, MMX, PCMPEQB, PCMPEQW, PCMPEQD);
        both(t, 0x0fd1, MMX, PSRLW, PSRLD, PSRLQ);
        both(t, 0x0fd4, SSE2, PADDQ);
        both(t, 0x0fd5, MMX, PMULLW);
        both(t, 0x0fd8, MMX, PSUBUSB, PSUBUSW);
        both(t, 0x0fda, SSE, PMINUB);
        both(t, 0x0fdb, MMX, PAND, PADDUSB, PADDUSW);
        both(t, 0x0fde, SSE, PMAXUB);
        both(t, 0x0fdf, MMX, PANDN);
        both(t, 0x0fe0, SSE, PAVGB);
        both(t, 0x0fe1, MMX, PSRAW, PSRAD);
        both(t, 0x0fe3, SSE, PAVGW, PMULHUW);
        both(t, 0x0fe5, MMX, PMULHW);
        both(t, 0x0fe8, MMX, PSUBSB, PSUBSW);
        both(t, 0x0fea, SSE, PMINSW);
        both(t, 0x0feb, MMX, POR, PADDSB, PADDSW);
        both(t, 0x0fee, SSE, PMAXSW);
        both(t, 0x0fef, MMX, PXOR);
        both(t, 0x0ff1, MMX, PSLLW, PSLLD, PSLLQ);
        both(t, 0x0ff4, SSE2, PMULUDQ);
        both(t, 0x0ff5, MMX, PMADDWD);
        both(t, 0x0ff6, SSE, PSADBW);
        both(t, 0x0ff8, MMX, PSUBB, PSUBW, PSUBD);
        both(t, 0x0ffb, SSE2, PSUBQ);
        both(t, 0x0ffc, MMX, PADDB, PADDW, PADDD);
        t.addAll(List.of(
            insn(0x0f70, PSHUFW, Pq, Qq, Ib).pfx(NP).on(SSE), insn(0x0f70, PSHUFD, Vx, Wx, Ib).pfx(P66).on(SSE2),
            insn(0x0f70, PSHUFHW, Vx, Wx, Ib).pfx(F3).on(SSE2), insn(0x0f70, PSHUFLW, Vx, Wx, Ib).pfx(F2).on(SSE2)));
    }

    private static void shift(List<Row> t, int opcode, int ext, Mnemonic m) {
        t.add(insn(opcode, m, Nq, Ib).pfx(NP).ext(ext).reg().on(MMX));
        t.add(insn(opcode, m, Ux, Ib).pfx(P66).ext(ext).reg().on(SSE2));
    }

    private static void shifts(List<Row> t) {
        shift(t, 0x0f71, 2, PSRLW);
        shift(t, 0x0f71, 4, PSRAW);
        shift(t, 0x0f71, 6, PSLLW);
        shift(t, 0x0f72, 2, PSRLD);
        shift(t, 0x0f72, 4, PSRAD);
        shift(t, 0x0f72, 6, PSLLD);
        shift(t, 0x0f73, 2, PSRLQ);
        shift(t, 0x0f73, 6, PSLLQ);
        t.add(insn(0x0f73, PSRLDQ, Ux, Ib).pfx(P66).ext(3).reg().on(SSE2));
        t.add(insn(0x0f73, PSLLDQ, Ux, Ib).pfx(P66).ext(7).reg().on(SSE2));
    }

    private static void ssse3(List<Row> t, int opcode, Mnemonic... consecutive) {
        for (int i = 0; i < consecutive.length; i++) {
            both(t, opcode + i, consecutive[i], SSSE3, SSSE3);
        }
    }

    private static void sse41(List<Row> t, int opcode, Operand source, Mnemonic m) {
        t.add(insn(opcode, m, Vx, source).pfx(P66).on(SSE41));
    }

    private static void map38(List<Row> t) {
        ssse3(t, 0x0f3800, PSHUFB, PHADDW, PHADDD, PHADDSW, PMADDUBSW, PHSUBW, PHSUBD, PHSUBSW, PSIGNB, PSIGNW, PSIGND, PMULHRSW);
        ssse3(t, 0x0f381c, PABSB, PABSW, PABSD);
        sse41(t, 0x0f3810, Wx, PBLENDVB);
        sse41(t, 0x0f3814, Wx, BLENDVPS);
        sse41(t, 0x0f3815, Wx, BLENDVPD);
        sse41(t, 0x0f3817, Wx, PTEST);
        Mnemonic[] sx = {PMOVSXBW, PMOVSXBD, PMOVSXBQ, PMOVSXWD, PMOVSXWQ, PMOVSXDQ};
        Mnemonic[] zx = {PMOVZXBW, PMOVZXBD, PMOVZXBQ, PMOVZXWD, PMOVZXWQ, PMOVZXDQ};
        Operand[] from = {Wq, Wd, Ww, Wq, Wd, Wq};
        for (int i = 0; i < 6; i++) {
            sse41(t, 0x0f3820 + i, from[i], sx[i]);
            sse41(t, 0x0f3830 + i, from[i], zx[i]);
        }
        sse41(t, 0x0f3828, Wx, PMULDQ);
        sse41(t, 0x0f3829, Wx, PCMPEQQ);
        t.add(insn(0x0f382a, MOVNTDQA, Vx, Mdq).pfx(P66).mem().on(SSE41));
        sse41(t, 0x0f382b, Wx, PACKUSDW);
        t.add(insn(0x0f3837, PCMPGTQ, Vx, Wx).pfx(P66).on(SSE42));
        Mnemonic[] minMax = {PMINSB, PMINSD, PMINUW, PMINUD, PMAXSB, PMAXSD, PMAXUW, PMAXUD};
        for (int i = 0; i < 8; i++) {
            sse41(t, 0x0f3838 + i, Wx, minMax[i]);
        }
        sse41(t, 0x0f3840, Wx, PMULLD);
        sse41(t, 0x0f3841, Wx, PHMINPOSUW);
        t.add(insn(0x0f38f0, CRC32, Gd, Eb).pfx(F2).on(SSE42));
        t.add(insn(0x0f38f1, CRC32, Gd, Ev).pfx(F2).on(SSE42));
    }

    private static void map3a(List<Row> t) {
        t.addAll(List.of(
            insn(0x0f3a08, ROUNDPS, Vx, Wx, Ib).pfx(P66).on(SSE41), insn(0x0f3a09, ROUNDPD, Vx, Wx, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a0a, ROUNDSS, Vss, Wss, Ib).pfx(P66).on(SSE41), insn(0x0f3a0b, ROUNDSD, Vsd, Wsd, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a0c, BLENDPS, Vx, Wx, Ib).pfx(P66).on(SSE41), insn(0x0f3a0d, BLENDPD, Vx, Wx, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a0e, PBLENDW, Vx, Wx, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a0f, PALIGNR, Pq, Qq, Ib).pfx(NP).on(SSSE3), insn(0x0f3a0f, PALIGNR, Vx, Wx, Ib).pfx(P66).on(SSSE3),
            insn(0x0f3a14, PEXTRB, RdMb, Vx, Ib).pfx(P66).on(SSE41), insn(0x0f3a15, PEXTRW, RdMw, Vx, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a16, PEXTRD, Ey, Vx, Ib).pfx(P66).on(SSE41), insn(0x0f3a17, EXTRACTPS, Ed, Vx, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a20, PINSRB, Vx, RdMb, Ib).pfx(P66).on(SSE41), insn(0x0f3a21, INSERTPS, Vx, Wd, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a22, PINSRD, Vx, Ey, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a40, DPPS, Vx, Wx, Ib).pfx(P66).on(SSE41), insn(0x0f3a41, DPPD, Vx, Wx, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a42, MPSADBW, Vx, Wx, Ib).pfx(P66).on(SSE41),
            insn(0x0f3a60, PCMPESTRM, Vx, Wx, Ib).pfx(P66).on(SSE42), insn(0x0f3a61, PCMPESTRI, Vx, Wx, Ib).pfx(P66).on(SSE42),
            insn(0x0f3a62, PCMPISTRM, Vx, Wx, Ib).pfx(P66).on(SSE42), insn(0x0f3a63, PCMPISTRI, Vx, Wx, Ib).pfx(P66).on(SSE42)));
    }

    private static void control(List<Row> t) {
        t.addAll(List.of(
            insn(0x0f77, EMMS).pfx(NP).on(MMX),
            insn(0x0fae, LDMXCSR, Md).pfx(NP).ext(2).mem().on(SSE), insn(0x0fae, STMXCSR, Md).pfx(NP).ext(3).mem().on(SSE),
            insn(0x0fae, CLFLUSH, Mb).pfx(NP).ext(7).mem().on(SSE2), insn(0x0fae, SFENCE).pfx(NP).ext(7).reg().on(SSE),
            insn(0x0fae, LFENCE).pfx(NP).ext(5).reg().on(SSE2), insn(0x0fae, MFENCE).pfx(NP).ext(6).reg().on(SSE2),
            insn(0x0f18, PREFETCHNTA, Mb).ext(0).mem().on(SSE), insn(0x0f18, PREFETCHT0, Mb).ext(1).mem().on(SSE),
            insn(0x0f18, PREFETCHT1, Mb).ext(2).mem().on(SSE), insn(0x0f18, PREFETCHT2, Mb).ext(3).mem().on(SSE)));
    }
    // spotless:on
}
