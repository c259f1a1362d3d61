package trivium.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ResultsJsonTest {
    @Test
    void hasEveryFigure() {
        assertThat(Fixtures.mixed().json())
                .isEqualTo(
                        """
                        {"version": "1.2.3 abc", "date": "2026-11-23T01:02:03Z", "host": {"cpu": "A \\"fine\\" <CPU>", "processors": 2, "os": "Linux 6", "java": "25", "load": 1.25}, "repeat": 3, "relativeTo": "native", "rows": [\
                        {"engine": "native", "mmu": null, "bits": 32, "kernel": "chase", "seconds": 1.0, "wallSeconds": null, "runs": [1.0], "checksumOk": true, "percent": 100.0, "relativeTo": "native", "problem": null},
                        {"engine": "bt", "mmu": "softtlb", "bits": 32, "kernel": "chase", "seconds": 2.5, "wallSeconds": 5.0, "runs": [2.0, 8.0, 2.5], "checksumOk": true, "percent": 40.0, "relativeTo": "native", "problem": null},
                        {"engine": "vt", "mmu": "soft<&>", "bits": 32, "kernel": "chase", "seconds": 1.0, "wallSeconds": 2.0, "runs": [1.0], "checksumOk": true, "percent": 100.0, "relativeTo": "native", "problem": null},
                        {"engine": "native", "mmu": null, "bits": 32, "kernel": "mem", "seconds": 1.0, "wallSeconds": null, "runs": [1.0], "checksumOk": true, "percent": 100.0, "relativeTo": "native", "problem": null},
                        {"engine": "bt", "mmu": "softtlb", "bits": 32, "kernel": "mem", "seconds": 10.0, "wallSeconds": 20.0, "runs": [10.0], "checksumOk": true, "percent": 10.0, "relativeTo": "native", "problem": null},
                        {"engine": "vt", "mmu": "soft<&>", "bits": 32, "kernel": "mem", "seconds": null, "wallSeconds": null, "runs": [0.001], "checksumOk": false, "percent": null, "relativeTo": "native", "problem": "WRONG checksum b79e44ad"},
                        {"engine": "bt", "mmu": "softtlb", "bits": 32, "kernel": "trap", "seconds": 0.5, "wallSeconds": 1.0, "runs": [0.5], "checksumOk": true, "percent": 100.0, "relativeTo": "bt softtlb", "problem": null},
                        {"engine": "vt", "mmu": "soft<&>", "bits": 32, "kernel": "trap", "seconds": null, "wallSeconds": null, "runs": [], "checksumOk": null, "percent": null, "relativeTo": "bt softtlb", "problem": "no result within 60 s"}], "means": [\
                        {"engine": "bt", "mmu": "softtlb", "bits": 32, "kernels": ["chase", "mem"], "percent": 20.0},
                        {"engine": "vt", "mmu": "soft<&>", "bits": 32, "kernels": ["chase", "mem"], "percent": null}]}
                        """);
    }
}
