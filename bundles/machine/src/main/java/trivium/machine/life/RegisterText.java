package trivium.machine.life;

import trivium.cpu.Segment;
import trivium.cpu.VcpuState;

/** A vCPU's registers as people read them. */
final class RegisterText {
    private static final String[] GPR = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"
    };
    private static final String[] SEGMENTS = {"es", "cs", "ss", "ds", "fs", "gs"};
    private static final String[] ACTIVITY = {"active", "halted", "shutdown", "wait-for-sipi"};

    private RegisterText() {}

    static String of(VcpuState s) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < GPR.length; i++) {
            text.append("%-3s %016x%s".formatted(GPR[i], s.gpr[i], i % 4 == 3 ? "\n" : "  "));
        }
        text.append(
                "rip %016x  rflags %08x  %s%n".formatted(s.rip, s.rflags, ACTIVITY[s.activity]));
        for (int i = 0; i < SEGMENTS.length; i++) {
            text.append(segment(SEGMENTS[i], s.segments[i]));
        }
        text.append(segment("ldtr", s.ldtr)).append(segment("tr", s.tr));
        text.append(
                "gdtr %x+%x  idtr %x+%x%n"
                        .formatted(s.gdtrBase, s.gdtrLimit, s.idtrBase, s.idtrLimit));
        text.append(
                "cr0 %08x  cr2 %x  cr3 %x  cr4 %x  cr8 %x  efer %x%n"
                        .formatted(s.cr0, s.cr2, s.cr3, s.cr4, s.cr8, s.efer));
        return text.toString();
    }

    private static String segment(String name, Segment s) {
        return "%-4s %s%n".formatted(name, s);
    }
}
