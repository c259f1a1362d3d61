package trivium.guests.demo;

import static trivium.guests.demo.Operand.Reg.EAX;
import static trivium.guests.demo.Operand.Reg.EBX;
import static trivium.guests.demo.Operand.Reg.ECX;
import static trivium.guests.demo.Operand.Reg.EDI;
import static trivium.guests.demo.Operand.Reg.EDX;
import static trivium.guests.demo.Operand.Reg.ESI;
import static trivium.guests.demo.Operand.Reg8.AH;
import static trivium.guests.demo.Operand.Reg8.AL;
import static trivium.guests.demo.Operand.Reg8.BH;
import static trivium.guests.demo.Operand.Reg8.BL;
import static trivium.guests.demo.Operand.at;
import static trivium.guests.demo.Operand.byteAt;

/**
 * What the board tells through fw_cfg (QEMU docs/specs/fw_cfg.rst): RAM, CPUs and the file that
 * names the engine. Without fw_cfg, RAM is what the Multiboot loader says, and there is one CPU.
 */
final class FirmwareItems extends Assembler32 {
    static final String ENGINE_FILE = "opt/trivium/engine";
    static final int ENGINE_BYTES = 32;
    private static final int SELECTOR = 0x510, DATA = 0x511, SIGNATURE = 0, RAM_SIZE = 3, CPUS = 5;
    private static final int DIRECTORY = 0x19, ENTRY_BYTES = 64, NAME = 8, KEY = 4;
    private static final int MOST_FILES = 256, QEMU = 'Q' | 'E' << 8 | 'M' << 16 | 'U' << 24;
    private static final int MULTIBOOT_MEMORY_VALID = 1, MULTIBOOT_UPPER_KIB = 8;

    final Label init = label();

    /** Reads the engine's name again. */
    final Label readEngine = label();

    final Label memoryMiB = variable(), cpus = variable();
    final Label engine = room(ENGINE_BYTES);
    private final Label item = room(ENTRY_BYTES + 1), engineKey = variable();
    private final Label read = label(), more = label();
    private final Label multibootInfo;
    private final Text text;

    /**
     * @param multibootInfo a variable: the address the loader gave
     */
    FirmwareItems(Image image, Text text, Label multibootInfo) {
        super(image);
        this.text = text;
        this.multibootInfo = multibootInfo;
    }

    void emit() {
        routine(init, this::emitInit);
        routine(readEngine, this::emitReadEngine);
        routine(
                read,
                () -> {
                    mov(EDX, SELECTOR);
                    outAx();
                    call(more);
                });
        routine(
                more,
                () -> {
                    mov(EDI, item);
                    mov(EDX, DATA);
                    repInsb();
                });
    }

    /** ECX bytes of item EAX, to {@link #item}. */
    private void read(int key, int bytes) {
        mov(EAX, key);
        mov(ECX, bytes);
        call(read);
    }

    private void emitInit() {
        Label none = label(), done = label();
        mov(at(cpus), 1);
        read(SIGNATURE, 4);
        cmp(at(item), QEMU);
        jne(none);
        read(CPUS, 2);
        movzx(EAX, byteAt(item));
        mov(at(cpus), EAX);
        read(RAM_SIZE, 8);
        mov(EAX, at(item));
        shr(EAX, 20);
        mov(EBX, at(item).plus(4));
        shl(EBX, 12);
        or(EAX, EBX);
        mov(at(memoryMiB), EAX);
        emitFindEngine();
        jmp(done);
        bind(none);
        mov(EBX, at(multibootInfo));
        test(at(EBX), MULTIBOOT_MEMORY_VALID);
        je(done);
        mov(EAX, at(EBX, MULTIBOOT_UPPER_KIB));
        shr(EAX, 10);
        inc(EAX);
        mov(at(memoryMiB), EAX);
        bind(done);
    }

    /** Its key in the directory: a count, then entries of size, key and name, big-endian. */
    private void emitFindEngine() {
        Label found = label(), done = label(), few = label();
        Label name = label(), over = label();
        jmp(over);
        bind(name);
        text(ENGINE_FILE);
        bind(over);
        read(DIRECTORY, 4);
        mov(BL, byteAt(item).plus(3));
        mov(BH, byteAt(item).plus(2));
        and(EBX, 0xffff);
        cmp(EBX, MOST_FILES);
        jbe(few);
        mov(EBX, MOST_FILES);
        bind(few);
        inc(EBX);
        Label next = here();
        dec(EBX);
        je(done);
        mov(ECX, ENTRY_BYTES);
        call(more);
        mov(ESI, name);
        mov(EDI, item);
        add(EDI, NAME);
        text.ifEqual(found);
        jmp(next);
        bind(found);
        mov(EAX, 0);
        mov(AH, byteAt(item).plus(KEY));
        mov(AL, byteAt(item).plus(KEY + 1));
        mov(at(engineKey), EAX);
        bind(done);
    }

    private void emitReadEngine() {
        Label known = label(), done = label(), unknown = label(), over = label();
        mov(EAX, at(engineKey));
        test(EAX, EAX);
        jne(known);
        mov(ESI, unknown);
        mov(EDI, engine);
        mov(ECX, ENGINE_BYTES / 4);
        repMovsd();
        jmp(done);
        bind(known);
        mov(ECX, ENGINE_BYTES - 1); // behind the file's end zeros are read
        call(read);
        mov(ESI, item);
        mov(EDI, engine);
        mov(ECX, ENGINE_BYTES / 4);
        repMovsd();
        mov(byteAt(engine).plus(ENGINE_BYTES - 1), 0);
        jmp(over);
        bind(unknown);
        text("not told by this machine");
        octets(new byte[ENGINE_BYTES]);
        bind(over);
        bind(done);
    }
}
