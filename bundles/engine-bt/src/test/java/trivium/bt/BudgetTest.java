package trivium.bt;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BudgetTest {
    @Test
    void vcpusShareEvenly() {
        Budget budget = new Budget(12 << 20);

        budget.join();
        assertThat(budget.share()).isEqualTo(12 << 20);
        budget.join();
        budget.join();
        assertThat(budget.share()).isEqualTo(4 << 20);
        budget.leave();
        assertThat(budget.share()).isEqualTo(6 << 20);
    }
}
