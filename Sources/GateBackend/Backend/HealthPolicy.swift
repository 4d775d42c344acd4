/// When a backend is asked whether it is well: when nothing has been heard of it for some time.
package struct HealthPolicy: Sendable, Hashable {
    /// How long nothing may be heard of it before it is asked.
    package var interval: Duration
    /// How long it may take to answer.
    package var patience: Duration

    package init(interval: Duration = .seconds(30), patience: Duration = .seconds(10)) {
        self.interval = interval
        self.patience = patience
    }

    /// How often is looked at whether it has to be asked; also the time between questions once an answer was missed.
    var pace: Duration { max(interval / 3, .milliseconds(1)) }
}
