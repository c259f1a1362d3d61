package trivium.machine.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import trivium.cpu.CpuModel;
import trivium.vm.VmConfig;
import trivium.vm.VmConfig.BlockKind;
import trivium.vm.VmConfig.DeviceSpec;
import trivium.vm.VmConfig.Drive;
import trivium.vm.VmException;

class ConfigCodecTest {
    private static VmConfig decode(String... pairs) throws VmException {
        Dictionary<String, Object> dictionary = new Hashtable<>();
        for (int i = 0; i < pairs.length; i += 2) {
            dictionary.put(pairs[i], pairs[i + 1]);
        }
        return ConfigCodec.decode("box", dictionary);
    }

    @Test
    void anEmptyConfigurationIsAPlainPc() throws VmException {
        VmConfig config = decode();

        assertThat(config.name()).isEqualTo("box");
        assertThat(config.engine()).isEqualTo("auto");
        assertThat(config.cpu()).isEqualTo(CpuModel.X86_64);
        assertThat(config.memoryMiB()).isEqualTo(256);
        assertThat(config.serial()).isEqualTo("console");
        assertThat(config.vnc()).isEmpty();
        assertThat(ConfigCodec.encode(config).isEmpty()).isTrue();
    }

    @Test
    void everyValueComesBack() throws VmException {
        var boot =
                new VmConfig.Boot(
                        Optional.of(Path.of("b.rom")),
                        Optional.of(Path.of("/k")),
                        Optional.of(Path.of("/i")),
                        "root=/dev/sda ro",
                        List.of(
                                new Drive("floppy0", BlockKind.FLOPPY, Path.of("f"), false),
                                new Drive("ide0", BlockKind.DISK, Path.of("a,b c"), true),
                                new Drive("ide2", BlockKind.CDROM, Path.of("c:d"), true),
                                new Drive("ide3", BlockKind.CDROM, Path.of(""), true)),
                        "cdrom,disk");
        var config =
                new VmConfig(
                        "box",
                        "bt",
                        "shadow",
                        CpuModel.PENTIUM3,
                        4,
                        512,
                        List.of(
                                new DeviceSpec("test-device", Map.of()),
                                new DeviceSpec("virtio-net", Map.of("mac", "1:2", "id", "x"))),
                        boot,
                        "file:/tmp/x",
                        true,
                        Map.of(0x80, Path.of("p80")),
                        Optional.of("127.0.0.1:5901"),
                        true,
                        false,
                        true);

        assertThat(ConfigCodec.decode("box", ConfigCodec.encode(config))).isEqualTo(config);
    }

    @Test
    void theContainersOwnKeysAreNoConcern() throws VmException {
        VmConfig config =
                decode(
                        "service.pid", "trivium.vm~box",
                        "service.factoryPid", "trivium.vm",
                        "felix.fileinstall.filename", "file:/x",
                        "memory", "0x40 ");

        assertThat(config.memoryMiB()).isEqualTo(64);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "memory | lots | memory=lots is not a number from 1 to 1048576",
                "memory | 0 | is not a number from 1",
                "memory | 2000000 | is not a number from 1",
                "memoryMiB | 64 | no key 'memoryMiB'; there are append, autostart",
                "cpu | 8088 | no CPU model '8088'; there are 8086",
                "cpus | 17 | cpus=17 is not a number from 1 to 16",
                "autostart | yes | autostart=yes is neither true nor false",
                "on-triple-fault | reboot | on-triple-fault=reboot is neither stop nor reset",
                "serial | com1 | serial=com1 is none of console",
                "serial | file: | serial=file: is none of",
                "vnc | 5901 | vnc=5901 is not HOST:PORT",
                "boot-order | net | boot-order=net is none of cdrom",
                "drive.ide7 | disk:x | drive=ide7 is none of ide0",
                "drive.ide0 | tape:x | drive.ide0=tape:x is none of disk:FILE",
                "drive.ide0 | disk: | names no file",
                "drive.ide0 | floppy:x | does not go into this slot",
                "devices | a,b | devices=a,b is not MODEL,key=value",
                "log-port.65536 | f | names no port",
                "log-port.x | f | names no port",
                "initrd | i | initrd=i needs a kernel",
            })
    void whatIsWrongIsNamedWithWhatIsValid(String key, String value, String why) {
        assertThatThrownBy(() -> decode(key, value))
                .isInstanceOf(VmException.class)
                .hasMessageStartingWith("vm box: ")
                .hasMessageContaining(why);
    }

    @Test
    void partsThatDoNotGoTogetherAreRefused() {
        assertThatThrownBy(() -> decode("cpu", "i386", "cpus", "2"))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("a i386 has no local APIC");
        assertThatThrownBy(() -> decode("icount", "true", "cpus", "2"))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("counted in instructions");
    }

    @ParameterizedTest
    @CsvSource({"''", "a/b", "..", "a b", "ü"})
    void namesAreLettersDigitsAndAFewSigns(String name) {
        assertThatThrownBy(() -> ConfigCodec.decode(name, new Hashtable<>()))
                .isInstanceOf(VmException.class)
                .hasMessageContaining("name=" + name);
    }
}
