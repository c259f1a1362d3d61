package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;
import static trivium.bt.Asm.*;

import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import trivium.cpu.CpuModel;
import trivium.x86.decode.Decoder;
import trivium.x86.decode.Disassembler;
import trivium.x86.decode.Instruction;

/** What the assembler writes, the project's own disassembler reads. */
class AsmTest {
    private record Case(String text, Consumer<Asm> code) {
        @Override
        public String toString() {
            return text;
        }
    }

    static List<Case> cases() {
        return List.of(
                new Case("add eax, ecx", a -> a.alu(ADD, 4, RAX, Rm.reg(RCX))),
                new Case("sub r13, r15", a -> a.alu(SUB, 8, R13, Rm.reg(R15))),
                new Case("cmp sil, dil", a -> a.alu(CMP, 1, RSI, Rm.reg(RDI))),
                new Case("and r14d, 0xfff0", a -> a.aluImm(AND, 4, Rm.reg(R14), 0xfff0)),
                new Case("add dx, 0x7f", a -> a.aluImm(ADD, 2, Rm.reg(RDX), 0x7f)),
                new Case("mov rax, qword ptr [r12]", a -> a.load(8, RAX, Rm.mem(R12, 0))),
                new Case("mov ebx, dword ptr [r13]", a -> a.load(4, RBX, Rm.mem(R13, 0))),
                new Case("mov byte ptr [rbp+0x100], sil", a -> a.store(1, Rm.mem(RBP, 0x100), RSI)),
                new Case(
                        "mov ecx, dword ptr [rdi+r10-0x4]",
                        a -> a.load(4, RCX, Rm.mem(RDI, R10, 0, -4))),
                new Case("lea r13d, [rax*8+0x10]", a -> a.lea(4, R13, Rm.indexed(RAX, 3, 0x10))),
                new Case(
                        "cmp r15, qword ptr gs:[r14+0x30000]",
                        a -> a.alu(CMP, 8, R15, Rm.gs(R14, Area.GS_BASE + 0x30000))),
                new Case(
                        "mov qword ptr gs:[0xffffffffffc90000], rdx",
                        a -> a.store(8, Rm.gs(0x90000), RDX)),
                new Case(
                        "add eax, dword ptr gs:[ecx+ebx*4-0x8]",
                        a -> a.alu(ADD, 4, RAX, Rm.window(RCX, RBX, 2, -8))),
                new Case(
                        "mov word ptr gs:[edx*2+0x1000], si",
                        a -> a.store(2, Rm.window(-1, RDX, 1, 0x1000), RSI)),
                new Case(
                        "mov byte ptr gs:[0xfffffff0], 0x7",
                        a -> a.storeImm(1, Rm.window(-1, -1, 0, -16), 7)),
                new Case(
                        "cmp dword ptr [0x6f000000], 0x0",
                        a -> a.aluImm(CMP, 4, Rm.absolute(0x6f000000), 0)),
                new Case("movzx r8d, bl", a -> a.extend(false, 1, 4, R8, Rm.reg(RBX))),
                new Case(
                        "movsx rax, word ptr [r13]",
                        a -> a.extend(true, 2, 8, RAX, Rm.mem(R13, 0))),
                new Case("shr r14d, 0x8", a -> a.shiftImm(SHR, 4, Rm.reg(R14), 8)),
                new Case("imul ecx, edx, 0x1000193", a -> a.imul3(4, RCX, Rm.reg(RDX), 0x1000193)),
                new Case("setb r9b", a -> a.setcc(B, Rm.reg(R9))),
                new Case(
                        "jmp qword ptr gs:[r14+0x99008]",
                        a -> a.jmpRm(Rm.gs(R14, Area.GS_BASE + 0x99008))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void writesWhatIsAskedFor(Case c) {
        Asm a = new Asm();
        c.code.accept(a);
        int[] at = {0};
        Instruction in = new Decoder(CpuModel.X86_64).decode(() -> a.code[at[0]++] & 0xff, 64);
        assertThat(in.length).isEqualTo(a.size);
        assertThat(Disassembler.text(in)).isEqualTo(c.text);
    }
}
