package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import trivium.vm.VmEvent;
import trivium.vm.VmState;

class ListingTest {
    private final TestShell shell = new TestShell();

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void listsInOrderOfNames() throws Exception {
        shell.vms.add("web").running();
        shell.vms.add("db");
        shell.displays.open("web", "", 0);

        String table = shell.run("vm:list");

        assertThat(table.lines().skip(2).map(l -> l.replaceAll(" *[|│] *", "|")))
                .containsExactly(
                        "db|off|interpreter|softtlb|pentium3|2|64|0.0 s|-",
                        "web|running|interpreter|softtlb|pentium3|2|64|1:02:03|127.0.0.1:5900");
    }

    @Test
    void tellsWhatMemoryCosts() throws Exception {
        String table = shell.run("hv:memory");

        assertThat(table.lines().map(l -> l.replaceAll(" *[|│] *", "|").strip()))
                .contains(
                        "one|lab|64.0|30.0|20.0|10.0|0.0|3",
                        "two|-|32.0|1.0|0.0|1.0|4.0|1",
                        "lab|one, two|5.0|6.0|8|8",
                        "All VMs 31.0 MiB, the appliance 99.0 MiB; 1024.0 MiB are free on the"
                                + " host; 4 of 49000 mappings");
        assertThat(shell.run("hv:memory --json"))
                .contains("\"residentBytes\": 31457280", "\"pagesPerSecond\": 7.5");
    }

    @Test
    void balloons() throws Exception {
        shell.vms.add("web").running();

        shell.run("vm:balloon web 48");

        assertThat(shell.vms.vms.getFirst().balloonMiB).isEqualTo(48);
    }

    @Test
    void forks() throws Exception {
        shell.vms.add("web").running();

        assertThat(shell.run("vm:fork web")).isEqualToIgnoringNewLines("web-1");
        assertThat(shell.run("vm:fork web copy")).isEqualToIgnoringNewLines("copy");
        assertThat(shell.vms.find("copy")).isPresent();
    }

    @Test
    void listsOneState() throws Exception {
        shell.vms.add("web").running();
        shell.vms.add("db");

        assertThat(shell.run("vm:list --state off")).contains("db").doesNotContain("web");
    }

    @Test
    void saysThatThereAreNone() throws Exception {
        assertThat(shell.run("vm:list")).contains("No VMs. Make one with vm:create.");
    }

    @Test
    void listsAsJson() throws Exception {
        shell.vms.add("db");

        assertThat(shell.run("vm:list --json"))
                .isEqualToIgnoringNewLines(
                        """
                        [{"name": "db", "state": "off", "engine": "interpreter", "mmu": "softtlb", \
                        "cpu": "pentium3", "cpus": 2, "memoryMiB": 64, "uptimeMillis": 0, \
                        "vnc": null}]\
                        """);
    }

    @Test
    void infoLeavesOutWhatIsEmpty() throws Exception {
        shell.vms.add("db").state = VmState.CRASHED;

        assertThat(shell.run("vm:info db"))
                .contains("failure:               triple fault")
                .contains("configured.engine:     auto")
                .doesNotContain("kernel");
    }

    @Test
    void infoShowsDrivesAndDevices() throws Exception {
        shell.run("vm:create --disk /d.img,ro --device rtl8139,mac=52:54:00:00:00:01 a");

        assertThat(shell.run("vm:info a"))
                .contains("slot=ide0, kind=disk, image=/d.img, readOnly=true")
                .contains("model=rtl8139, options={mac=52:54:00:00:00:01}");
        assertThat(shell.run("vm:info --json a"))
                .contains(
                        "\"drives\": [{\"slot\": \"ide0\", \"kind\": \"disk\", \"image\":"
                                + " \"/d.img\", \"readOnly\": true}]");
    }

    @Test
    void statsSortsCounters() throws Exception {
        shell.vms.add("a");

        assertThat(shell.run("vm:stats --json a"))
                .contains("\"instructions\": 5000")
                .contains("\"instructionsPerCpuSecond\": 2500000")
                .contains("\"counters\": {\"blocks\": 3, \"exit.hlt\": 7}");
    }

    @Test
    void logShowsTheEventsOfOneVm() throws Exception {
        shell.log.onEvent(new VmEvent.Created("a"));
        shell.log.onEvent(new VmEvent.Created("b"));
        shell.log.onEvent(
                new VmEvent.StateChanged("a", VmState.RUNNING, VmState.OFF, "powered off by ACPI"));

        assertThat(shell.run("vm:log a").lines().map(l -> l.substring(25)))
                .containsExactly("a: created", "a: off, was running: powered off by ACPI");
        assertThat(shell.run("vm:log --last 1").lines()).hasSize(1);
        assertThat(shell.run("vm:log --json --last 1"))
                .contains(
                        "\"vm\": \"a\", \"event\": \"StateChanged\", \"text\": \"off, was running");
        assertThat(shell.error("vm:log c")).isEqualTo("no VM 'c'; there are none");
    }

    @Test
    void logKeepsTheLastThousand() {
        for (int i = 0; i < EventLog.CAPACITY + 5; i++) {
            shell.log.onEvent(new VmEvent.Created("vm" + i));
        }

        assertThat(shell.log.entries()).hasSize(EventLog.CAPACITY);
        assertThat(shell.log.entries().getFirst().event().vm()).isEqualTo("vm5");
    }

    @Test
    void enginesSayWhyNot() throws Exception {
        assertThat(shell.run("hv:engines")).contains("interpreter").contains("no: no /dev/kvm");
        assertThat(shell.run("hv:engines --json"))
                .contains("\"name\": \"vt\"")
                .contains("\"usable\": false, \"reason\": \"no /dev/kvm\"");
    }

    @Test
    void devicesShowOptions() throws Exception {
        assertThat(shell.run("hv:devices")).contains("vram: MiB of video memory");
        assertThat(shell.run("hv:devices --json"))
                .startsWith("[{\"model\": \"i8254\", \"description\": \"Timer\", \"options\": {}}");
    }

    @Test
    void hvInfoCountsVmsByState() throws Exception {
        shell.vms.add("a");
        shell.vms.add("b");

        assertThat(shell.run("hv:info")).contains("vms.off:               2");
        assertThat(shell.run("hv:info --json")).contains("\"vms\": {\"off\": 2}");
    }

    @Test
    void registersOfAVcpuThatIsThere() throws Exception {
        shell.vms.add("a").running();

        assertThat(shell.run("vm:registers --vcpu 1 a")).startsWith("vCPU 1");
        assertThat(shell.error("vm:registers --vcpu 2 a"))
                .isEqualTo("VM 'a' has no vCPU 2; there are 0 to 1");
    }
}
