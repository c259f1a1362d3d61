package trivium.cli.guests;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Makes media that firmware boots from: a CD with ISOLINUX, a hard disk with GRUB. */
final class BootMedia {
    private static final int SECTOR = 512, DISK_SECTORS = 32 << 11, PARTITION_START = 1 << 11;

    private BootMedia() {}

    /**
     * @return an ISO image with ISOLINUX, which waits ten minutes at its "boot:" prompt
     */
    static Path isolinuxCd(Path folder, String kernel, String commandLine)
            throws IOException, InterruptedException {
        Path tree = Files.createDirectories(folder.resolve("cd"));
        Files.copy(Guests.file("isolinux.bin"), tree.resolve("isolinux.bin"));
        Files.copy(Guests.file("ldlinux.c32"), tree.resolve("ldlinux.c32"));
        Files.copy(Guests.file("vmlinuz-" + kernel), tree.resolve("linux"));
        Files.copy(Guests.file("initrd-" + kernel + ".gz"), tree.resolve("initrd.gz"));
        String menu =
                """
                DEFAULT linux
                PROMPT 1
                TIMEOUT 6000
                LABEL linux
                  KERNEL /linux
                  INITRD /initrd.gz
                  APPEND %s
                """;
        Files.writeString(tree.resolve("isolinux.cfg"), menu.formatted(commandLine));
        Path iso = folder.resolve("cd.iso");
        Guests.tool(
                ("xorriso -as mkisofs -quiet -o " + iso)
                        .concat(" -b isolinux.bin -c boot.cat -no-emul-boot")
                        .concat(" -boot-load-size 4 -boot-info-table " + tree)
                        .split(" "));
        return iso;
    }

    /**
     * @param modules below the kernel's drivers folder
     * @return the initrd of a kernel with more modules, which it loads when it starts
     */
    static Path initrdWith(Path folder, String kernel, String... modules) throws IOException {
        ByteArrayOutputStream archive = new ByteArrayOutputStream();
        archive.write(Files.readAllBytes(Guests.file("initrd-" + kernel + ".gz")));
        try (var gzip = new GZIPOutputStream(archive)) {
            for (String module : modules) {
                Path file = Guests.module(kernel, module);
                cpio(gzip, "lib/modules/" + file.getFileName(), Files.readAllBytes(file));
            }
            cpio(gzip, "TRAILER!!!", new byte[0]);
        }
        return Files.write(folder.resolve("initrd.gz"), archive.toByteArray());
    }

    /** A file in Linux's "newc" format (buffer-format.rst). */
    private static void cpio(OutputStream out, String name, byte[] content) throws IOException {
        String fields = "%08x".repeat(13);
        String header =
                "070701"
                        + fields.formatted(
                                0,
                                0100644,
                                0,
                                0,
                                1,
                                0,
                                content.length,
                                0,
                                0,
                                0,
                                0,
                                name.length() + 1,
                                0);
        for (byte[] part :
                List.of((header + name + "\0").getBytes(StandardCharsets.US_ASCII), content)) {
            out.write(part);
            out.write(new byte[-part.length & 3]);
        }
    }

    /**
     * @return a disk with a FAT partition, and GRUB in front of it with a menu of the kernel and of
     *     "Switch off"
     */
    static Path grubDisk(Path folder, String kernel, String commandLine)
            throws IOException, InterruptedException {
        Path modules = Guests.file("packages/grub-pc-bin/usr/lib/grub/i386-pc");
        Path early = folder.resolve("early.cfg"), core = folder.resolve("core.img");
        Files.writeString(early, "set root=(hd0,msdos1)\nset prefix=($root)/\n");
        Guests.tool(
                ("grub-mkimage -O i386-pc -p / -c " + early + " -d " + modules + " -o " + core)
                        .concat(" biosdisk part_msdos fat normal linux halt")
                        .split(" "));
        Path disk = folder.resolve("disk.img");
        writeSectors(
                disk, Files.readAllBytes(modules.resolve("boot.img")), Files.readAllBytes(core));
        fillPartition(folder, disk, kernel, commandLine);
        return disk;
    }

    /** The master boot record, then GRUB's core in the sectors up to the partition. */
    private static void writeSectors(Path disk, byte[] boot, byte[] core) throws IOException {
        ByteBuffer mbr = ByteBuffer.wrap(boot).order(ByteOrder.LITTLE_ENDIAN);
        mbr.putLong(0x5c, 1); // where boot.img looks for the core
        mbr.putShort(0x66, (short) 0x9090); // trust the BIOS's drive number
        mbr.put(0x1be, new byte[64]); // boot.img keeps code for floppies there
        mbr.putInt(0x1be, 0x80).putInt(0x1c2, 0x0c).putInt(0x1c6, PARTITION_START);
        mbr.putInt(0x1ca, DISK_SECTORS - PARTITION_START);
        // The core's first sector loads the rest: from sector 2 on to 0820:0000.
        ByteBuffer rest = ByteBuffer.wrap(core).order(ByteOrder.LITTLE_ENDIAN);
        rest.putLong(0x1f4, 2).putShort(0x1fc, (short) ((core.length - 1) / SECTOR));
        rest.putShort(0x1fe, (short) 0x820);
        try (var file =
                FileChannel.open(disk, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(boot), 0);
            file.write(ByteBuffer.wrap(core), SECTOR);
            file.write(ByteBuffer.allocate(1), (long) DISK_SECTORS * SECTOR - 1);
        }
    }

    private static void fillPartition(Path folder, Path disk, String kernel, String commandLine)
            throws IOException, InterruptedException {
        Path menu = folder.resolve("grub.cfg");
        String entries =
                """
                set timeout=-1
                menuentry "Linux" {
                  linux /linux %s
                  initrd /initrd.gz
                }
                menuentry "Switch off" {
                  halt
                }
                """;
        Files.writeString(menu, entries.formatted(commandLine), StandardCharsets.US_ASCII);
        String partition = disk + "@@" + PARTITION_START * SECTOR;
        String sectors = String.valueOf(DISK_SECTORS - PARTITION_START);
        Guests.tool("mformat", "-i", partition, "-T", sectors, "-h", "64", "-s", "32", "::");
        copyIn(partition, menu, "grub.cfg");
        copyIn(partition, Guests.file("vmlinuz-" + kernel), "linux");
        copyIn(partition, Guests.file("initrd-" + kernel + ".gz"), "initrd.gz");
    }

    private static void copyIn(String partition, Path file, String name)
            throws IOException, InterruptedException {
        Guests.tool("mcopy", "-i", partition, file.toString(), "::/" + name);
    }
}
