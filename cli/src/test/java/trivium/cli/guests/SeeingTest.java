package trivium.cli.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import trivium.bt.BtEngine;
import trivium.cli.GuestVm;
import trivium.cpu.Support;
import trivium.hostos.HostInfo;
import trivium.vm.CodeListing;
import trivium.vm.Vm;

/** A running guest's translated code and counters, as vm:disasm and vm:stats get them. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class SeeingTest {
    @BeforeEach
    void onlyWhereCodeIsTranslated() {
        Support support = new BtEngine().supportOn(HostInfo.host());
        assumeTrue(support instanceof Support.Yes, () -> "no BT here: " + support);
    }

    private static GuestVm bench(String which) throws Exception {
        Path image = Guests.bench(which + ".bin");
        GuestVm guest =
                Guests.boot(which, "--engine", "bt", "--kernel", image, "--append", "sieve n=1000");
        guest.awaitSerial("BEGIN sieve", 60);
        return guest;
    }

    @Test
    void hotCodeIsListedWithTheHostCodeMadeOfIt() throws Exception {
        try (GuestVm guest = bench("bench32")) {
            CodeListing hot = hot(guest.vm());

            assertThat(hot.mode()).isEqualTo(32);
            assertThat(hot.engine()).isEqualTo("bt");
            assertThat(hot.guest())
                    .noneMatch(line -> line.text().startsWith("("))
                    .allMatch(line -> hot.host().stream().anyMatch(h -> h.guest() == line.guest()));
            assertThat(hot.host()).noneMatch(line -> line.text().startsWith("("));
            CodeListing again =
                    guest.vm().disassemble(0, OptionalLong.of(hot.guest().getFirst().address()), 1);
            assertThat(again.guest()).isEqualTo(hot.guest());
        }
    }

    /** Where the vCPU happens to be may not be translated yet, or be an interrupt handler. */
    private static CodeListing hot(Vm vm) throws Exception {
        for (int i = 0; ; i++) {
            CodeListing listing = vm.disassemble(0, OptionalLong.empty(), 10);
            if (!listing.host().isEmpty()) {
                return listing;
            }
            assertThat(i).as("looks without a translation").isLessThan(500);
            Thread.sleep(10);
        }
    }

    @Test
    void countersHaveTheNamesThatTheShellKnows() throws Exception {
        try (GuestVm guest = bench("bench64")) {
            hot(guest.vm());

            Vm.Statistics statistics = guest.vm().statistics();
            Map<String, Long> counters = statistics.counters();
            assertThat(counters.get("blocks-translated")).isPositive();
            assertThat(counters.get("chain-links")).isPositive();
            assertThat(counters.get("cache-bytes"))
                    .isPositive()
                    .isLessThanOrEqualTo(counters.get("cache-capacity-bytes"));
            assertThat(counters.get("instructions-native"))
                    .isBetween(
                            statistics.instructions() / 2, guest.vm().statistics().instructions());
            assertThat(counters.get("exit-link")).isPositive();
        }
    }
}
