package trivium.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import trivium.vm.VmException;

/**
 * A guest's kernel as a program of the host (Linux on x86-64): an ELF executable that has the
 * guest's image at the image's own place, so what runs is the same code at the same addresses, in a
 * process of its own. A few instructions before it touch the scratch memory, take the process's CPU
 * time, call the kernel, and write both times and the checksum to standard output. No compiler is
 * needed.
 */
final class NativeProgram {
    private static final int PAGE = 4096, STUB = 0x300_0000;
    private static final int PT_LOAD = 1, PF_X = 1, PF_W = 2, PF_R = 4;

    private NativeProgram() {}

    /**
     * Runs a kernel to its end.
     *
     * @param folder where the program is put
     * @throws VmException saying why this host runs no such program
     */
    static Reading run(GuestImage image, Kernel kernel, Path folder, int limitSeconds)
            throws VmException, InterruptedException {
        Path file = folder.resolve("native%d-%s".formatted(image.bits, kernel.name()));
        Process process = null;
        try {
            if (!Files.exists(file)) {
                write(image, kernel, file);
            }
            process =
                    new ProcessBuilder(file.toString())
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            process.getOutputStream().close();
            if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) { // a pipe holds what it says
                throw new VmException("no result within %d s".formatted(limitSeconds));
            }
            return reading(image, process);
        } catch (IOException e) {
            throw new VmException("cannot be run on this host: " + e.getMessage(), e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    private static void write(GuestImage image, Kernel kernel, Path file) throws IOException {
        var owner =
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        Files.createFile(file, owner);
        Files.write(file, elf(image, image.entry(kernel.name())));
    }

    private static Reading reading(GuestImage image, Process process)
            throws IOException, VmException {
        int timeBytes = image.bits == 64 ? 16 : 8;
        byte[] said = process.getInputStream().readAllBytes();
        if (process.exitValue() != 0 || said.length != 2 * timeBytes + 4) {
            throw new VmException(
                    "cannot be run on this host: it ended with status " + process.exitValue());
        }
        var in = ByteBuffer.wrap(said).order(ByteOrder.LITTLE_ENDIAN);
        double begin = seconds(in, image.bits), end = seconds(in, image.bits);
        return new Reading(end - begin, Double.NaN, in.getInt());
    }

    /** A struct timespec. */
    private static double seconds(ByteBuffer in, int bits) {
        return bits == 64 ? in.getLong() + in.getLong() / 1e9 : in.getInt() + in.getInt() / 1e9;
    }

    /** System V ABI, "Object Files": a header, two segments. The image may be written and run. */
    private static byte[] elf(GuestImage image, int entry) {
        byte[] code = image.bytes(), stub = image.bits == 64 ? stub64(entry) : stub32(entry);
        int stubAt = PAGE + (code.length + PAGE - 1) / PAGE * PAGE;
        var file = ByteBuffer.allocate(stubAt + stub.length).order(ByteOrder.LITTLE_ENDIAN);
        header(file, image.bits);
        int rwx = PF_R | PF_W | PF_X;
        segment(
                file,
                image.bits,
                rwx,
                PAGE,
                GuestImage.LOAD,
                code.length,
                GuestImage.END - GuestImage.LOAD);
        segment(file, image.bits, PF_R | PF_X, stubAt, STUB, stub.length, stub.length);
        file.put(PAGE, code).put(stubAt, stub);
        return file.array();
    }

    private static void header(ByteBuffer file, int bits) {
        boolean wide = bits == 64;
        file.put(new byte[] {0x7f, 'E', 'L', 'F', (byte) (wide ? 2 : 1), 1, 1}).position(16);
        file.putShort((short) 2).putShort((short) (wide ? 62 : 3)).putInt(1); // ET_EXEC
        int headerBytes = wide ? 64 : 52;
        address(file, bits, STUB);
        address(file, bits, headerBytes); // of the program headers
        address(file, bits, 0);
        file.putInt(0).putShort((short) headerBytes);
        file.putShort((short) (wide ? 56 : 32)).putShort((short) 2).position(headerBytes);
    }

    private static void segment(
            ByteBuffer file, int bits, int flags, int offset, int place, int inFile, int inMemory) {
        file.putInt(PT_LOAD);
        if (bits == 64) {
            file.putInt(flags);
        }
        for (int value : new int[] {offset, place, place, inFile, inMemory}) {
            address(file, bits, value);
        }
        if (bits == 32) {
            file.putInt(flags);
        }
        address(file, bits, PAGE);
    }

    private static void address(ByteBuffer file, int bits, int value) {
        if (bits == 64) {
            file.putLong(value);
        } else {
            file.putInt(value);
        }
    }

    // spotless:off
    /** Times at RSP and RSP+16, the checksum at RSP+32. <asm/unistd_64.h>: 228 is clock_gettime. */
    private static byte[] stub64(int entry) {
        return new Code()
                .hex("48 83 EC 40")                    // sub rsp, 64: stays aligned by 16
                .touch()
                .hex("B8 E4 00 00 00 BF 02 00 00 00")  // mov eax, 228; mov edi, CLOCK_PROCESS_CPUTIME_ID
                .hex("48 89 E6 0F 05")                 // mov rsi, rsp; syscall
                .hex("B8").imm32(entry).hex("FF D0")   // mov eax, entry; call rax
                .hex("89 44 24 20")                    // mov [rsp+32], eax
                .hex("B8 E4 00 00 00 BF 02 00 00 00")
                .hex("48 8D 74 24 10 0F 05")           // lea rsi, [rsp+16]; syscall
                .hex("B8 01 00 00 00 BF 01 00 00 00")  // write(1, rsp, 36)
                .hex("48 89 E6 BA 24 00 00 00 0F 05")
                .hex("B8 3C 00 00 00 31 FF 0F 05")     // exit(0)
                .bytes();
    }

    /** Times at ESP and ESP+8, the checksum at ESP+16. <asm/unistd_32.h>: 265 is clock_gettime. */
    private static byte[] stub32(int entry) {
        return new Code()
                .hex("83 EC 40")                       // sub esp, 64
                .touch()
                .hex("B8 09 01 00 00 BB 02 00 00 00")  // mov eax, 265; mov ebx, CLOCK_PROCESS_CPUTIME_ID
                .hex("89 E1 CD 80")                    // mov ecx, esp; int 0x80
                .hex("B8").imm32(entry).hex("FF D0")   // mov eax, entry; call eax
                .hex("89 44 24 10")                    // mov [esp+16], eax
                .hex("B8 09 01 00 00 BB 02 00 00 00")
                .hex("8D 4C 24 08 CD 80")              // lea ecx, [esp+8]; int 0x80
                .hex("B8 04 00 00 00 BB 01 00 00 00")  // write(1, esp, 20)
                .hex("89 E1 BA 14 00 00 00 CD 80")
                .hex("B8 01 00 00 00 31 DB CD 80")     // exit(0)
                .bytes();
    }

    private static final class Code {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Code hex(String bytes) {
            out.writeBytes(HexFormat.of().parseHex(bytes.replace(" ", "")));
            return this;
        }

        Code imm32(int value) {
            for (int shift = 0; shift < 32; shift += 8) {
                out.write(value >>> shift);
            }
            return this;
        }

        /** The same bytes in both modes: every page of the scratch memory is there before time counts. */
        Code touch() {
            return hex("BF").imm32(GuestImage.ARENA)   //    mov edi, arena
                    .hex("C6 07 00")                   // 1: mov byte [rdi], 0
                    .hex("81 C7").imm32(PAGE)          //    add edi, 4096
                    .hex("81 FF").imm32(GuestImage.END) //   cmp edi, end
                    .hex("72 EF");                     //    jb 1b
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
    // spotless:on
}
