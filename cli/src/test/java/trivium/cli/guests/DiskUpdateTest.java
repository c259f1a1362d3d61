package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import trivium.cli.GuestVm;
import trivium.vm.Vm.Outcome;

/** The model of the disks is replaced while a Linux writes to them and reads back. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class DiskUpdateTest {
    private static final int BOOT = 400, ANSWER = 120, UPDATES = 40;
    private static final String PROMPT = "trivium#";

    /** Of the disks: 64 places of 128 KiB, filled in turn. */
    private static final int PLACES = 64, PLACE_BYTES = 128 << 10;

    /** What is written are windows of a text of numbers, each begun 512 bytes later. */
    private static final int SHIFTS = 4096, SHIFT_BYTES = 512;

    /** Of the disk of the guest bench/guests/disk16.asm. */
    private static final int ROM_PLACES = 64, ROM_BYTES = 4 * 512;

    /** In the order in which they need each other. */
    private static final String[] MODULES = {
        "../crypto/crct10dif_common.ko",
        "../crypto/crct10dif_generic.ko",
        "../lib/crc-t10dif.ko",
        "../lib/crc64.ko",
        "../crypto/crc64_rocksoft_generic.ko",
        "../lib/crc64-rocksoft.ko",
        "../block/t10-pi.ko",
        "scsi/scsi_common.ko",
        "scsi/scsi_mod.ko",
        "scsi/sd_mod.ko",
        "ata/libata.ko",
        "ata/ata_piix.ko",
    };

    /** The first two disks share a cable, of which the second moves its data by the CPU. */
    private static final String LOAD =
            "for m in %s; do case $m in libata) o=force=1.01:pio4;; *) o=;; esac; "
                    + "insmod /lib/modules/$m.ko $o; done 2>/dev/null; "
                    + "seq 1000000 1999999 | head -c 4194304 >/seq; echo loaded:$((6 * 7))\n";

    private static final String WORK =
            """
            work() { i=0; while [ ! -e /end ]; do i=$((i+1)); a=$((i%%%d*%d)); b=$((i%%%d*4)); \
            dd if=/seq bs=32k count=4 iflag=skip_bytes skip=$a >/$1.w 2>/dev/null; \
            dd if=/$1.w of=/dev/$1 bs=32k seek=$b oflag=direct conv=notrunc 2>/$1.e || cat /$1.e; \
            dd if=/dev/$1 of=/$1.r bs=32k skip=$b count=4 iflag=direct 2>/$1.e || cat /$1.e; \
            cmp /$1.w /$1.r || echo wrong $1 $i; echo ok $1 $i; done; echo end $1 $i; }
            """
                    .formatted(SHIFTS, SHIFT_BYTES, PLACES);

    @Test
    void nothingIsLostOnDisksWhoseModelIsUpdated(@TempDir Path folder) throws Exception {
        List<String> disks = List.of("sda", "sdb", "sdc");
        GuestVm booted = boot(folder, disks);
        try (GuestVm guest = booted) {
            guest.awaitSerial(PROMPT, BOOT);
            guest.send(LOAD.formatted(names()));
            guest.awaitSerial("loaded:42", ANSWER);
            guest.send("cat /sys/class/ata_device/*/xfer_mode | xargs echo modes\n");
            guest.awaitSerial("\nmodes XFER_MW_DMA_2 XFER_PIO_4 ", ANSWER);
            guest.send("dmesg -c >/dev/null\n");
            guest.send(WORK);
            guest.send("for d in %s; do work $d & done\n".formatted(String.join(" ", disks)));
            for (String disk : disks) {
                guest.awaitSerial("ok " + disk, ANSWER);
            }
            Random random = new Random(11);

            for (int i = 0; i < UPDATES; i++) {
                guest.replaceDevice("ide");
                Thread.sleep(random.nextInt(300));
                if (i % 8 == 7) {
                    long before = passes(guest);
                    guest.await("a pass", ANSWER, () -> passes(guest) > before);
                }
            }
            guest.replaceDevices(guest.devices()); // as when the whole bundle is updated

            guest.send("echo mark:$((6 * 7))\n");
            guest.awaitSerial("mark:42", ANSWER);
            guest.await(
                    "passes after it", ANSWER, () -> after("mark:42", guest).contains("ok sdb"));
            guest.send("echo >/end; wait\n");
            for (String disk : disks) {
                guest.awaitSerial("end " + disk, ANSWER);
            }
            String said = guest.serial();
            said = said.substring(said.indexOf("ok sd"));
            assertThat(said).doesNotContain("wrong s", "dd: ", "differ");
            isQuiet(guest);
            for (String disk : disks) {
                int passes = passes(said, disk);
                guest.reached("%s: %d passes".formatted(disk, passes));
                assertThat(passes).isGreaterThan(2);
                holdsWhatWasWritten(folder.resolve(disk), passes);
            }
            guest.type("poweroff -f\n");
            assertThat(guest.awaitEnd(ANSWER)).isEqualTo(new Outcome.PoweredOff("ACPI S5"));
        }
    }

    /**
     * The same with a guest that needs no download, polls and has no operating system's patience.
     */
    @Test
    void aRomThatPollsLosesNothing(@TempDir Path folder) throws Exception {
        Path image = disk(folder.resolve("disk"), ROM_PLACES * ROM_BYTES);
        Object[] options = {"--bios", Guests.bench("disk16.bin"), "--memory", 1, "--disk", image};
        try (GuestVm guest = Guests.boot("disk-rom", options)) {
            guest.awaitSerial(".", ANSWER);
            Random random = new Random(12);

            for (int i = 0; i < UPDATES; i++) {
                guest.replaceDevice("ide");
                Thread.sleep(random.nextInt(50));
            }
            guest.replaceDevices(guest.devices());

            guest.send("q");
            Pattern end = Pattern.compile("E([0-9A-F]{8})");
            guest.await(
                    "end",
                    ANSWER,
                    () -> guest.serial().contains("X") || end.matcher(guest.serial()).find());
            Matcher passes = end.matcher(guest.serial());
            assertThat(passes.find()).as(guest.serial()).isTrue();
            holdsWhatTheRomWrote(Files.readAllBytes(image), Integer.parseInt(passes.group(1), 16));
        }
    }

    private static void holdsWhatTheRomWrote(byte[] disk, int passes) {
        assertThat(passes).isGreaterThan(ROM_PLACES);
        for (int pass = passes - ROM_PLACES; pass < passes; pass++) {
            ByteBuffer place = ByteBuffer.wrap(disk, pass % ROM_PLACES * ROM_BYTES, ROM_BYTES);
            place = place.slice().order(ByteOrder.LITTLE_ENDIAN);
            short word = (short) (pass ^ pass >>> 16);
            while (place.hasRemaining()) {
                assertThat(place.getShort()).as("pass %d of %d", pass, passes).isEqualTo(word);
                word = (short) (word * 25173 + 13849);
            }
        }
    }

    private static GuestVm boot(Path folder, List<String> disks) throws Exception {
        Path initrd = BootMedia.initrdWith(folder, "amd64", MODULES);
        var options = new ArrayList<Object>();
        for (String disk : disks) {
            Path image = disk(folder.resolve(disk), PLACES * PLACE_BYTES);
            options.addAll(List.of("--disk", image));
        }
        options.addAll(List.of("--kernel", Guests.file("vmlinuz-amd64"), "--initrd", initrd));
        options.addAll(List.of("--append", "console=ttyS0 console=tty0 cryptomgr.notests"));
        return Guests.boot("disk-update", options.toArray());
    }

    private static Path disk(Path image, int bytes) throws Exception {
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
        return image;
    }

    private static String names() {
        var names = new StringBuilder();
        for (String module : MODULES) {
            names.append(module.replaceAll(".*/|\\.ko", "")).append(' ');
        }
        return names.toString();
    }

    private static String after(String mark, GuestVm guest) {
        String said = guest.serial();
        return said.substring(said.lastIndexOf(mark));
    }

    /** The kernel has nothing to say of its disks: no time-out, no reset, no lost interrupt. */
    private static void isQuiet(GuestVm guest) throws Exception {
        guest.send(
                "dmesg | grep -i -e exception -e 'lost interrupt' -e 'ata.*reset' -e 'I/O error' "
                        + "-e 'nobody cared' -e 'timed out' -e Oops >/log; cat /log; "
                        + "echo log:$(wc -l </log)\n");
        guest.awaitSerial("\nlog:", ANSWER);
        assertThat(after("\nlog:", guest)).as(guest.serial()).startsWith("\nlog:0");
    }

    /** By all disks so far. */
    private static long passes(GuestVm guest) {
        return Pattern.compile("ok sd").matcher(guest.serial()).results().count();
    }

    private static int passes(String said, String disk) {
        Matcher end = Pattern.compile("end " + disk + " (\\d+)").matcher(said);
        assertThat(end.find()).isTrue();
        return Integer.parseInt(end.group(1));
    }

    /** Each place has what the last pass there wrote, down to the last byte. */
    private static void holdsWhatWasWritten(Path image, int passes) throws Exception {
        byte[] text = numbers();
        byte[] disk = Files.readAllBytes(image);
        for (int pass = Math.max(1, passes - PLACES + 1); pass <= passes; pass++) {
            int from = pass % SHIFTS * SHIFT_BYTES, at = pass % PLACES * PLACE_BYTES;
            assertThat(
                            ByteBuffer.wrap(disk, at, PLACE_BYTES)
                                    .mismatch(ByteBuffer.wrap(text, from, PLACE_BYTES)))
                    .as("%s, pass %d of %d", image, pass, passes)
                    .isEqualTo(-1);
        }
    }

    /** What "seq 1000000 1999999 | head -c 4194304" prints. */
    private static byte[] numbers() {
        var text = new ByteArrayOutputStream();
        for (int i = 1_000_000; text.size() < 4 << 20; i++) {
            text.writeBytes((i + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        return text.toByteArray();
    }
}
