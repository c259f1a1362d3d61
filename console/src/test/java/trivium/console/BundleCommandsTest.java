package trivium.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BundleCommandsTest {
    private final TestShell shell = new TestShell();

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void bundleUsersListsWhatVmsDoWithout() throws Exception {
        shell.vms.add("idle");
        shell.vms.add("db").running();

        assertThat(shell.run("hv:bundle-users engine-bt"))
                .contains("db", "engine bt", "engine-bt 1.2.3", "waits until it is back")
                .doesNotContain("idle");
        assertThat(shell.run("hv:bundle-users --json"))
                .startsWith("[{\"vm\": \"db\", \"part\": \"engine bt\", \"bundle\": 5");
        assertThat(shell.error("hv:bundle-users nothing"))
                .isEqualTo("no bundle 'nothing'; bundle:list -t 0 shows all");
    }

    @Test
    void removeTellsWhomItHurtsBeforeItDoes() throws Exception {
        shell.vms.add("db").running();

        assertThat(shell.run("hv:remove --yes engine-bt"))
                .contains("vm db has engine bt and waits until it is back", "removed engine-bt");
        assertThat(shell.bundles.removed).isTrue();
    }

    @Test
    void whoDoesNotSayYesRemovesNothing() throws Exception {
        shell.vms.add("db").running();

        assertThat(shell.run("hv:remove engine-bt")).contains("nothing was removed");
        assertThat(shell.bundles.removed).isFalse();
    }

    @Test
    void whatNobodyUsesIsRemovedWithoutAsking() throws Exception {
        assertThat(shell.run("hv:remove 5")).startsWith("removed engine-bt 1.2.3");
        assertThat(shell.bundles.removed).isTrue();
    }
}
