import GateCore
import GateProtocol
import Logging
import Synchronization

/// Whether the backend is well: asked for by the clock, never counted as calls.
extension Backend {
    /// Asks it when nothing was heard of it for some time, also while calls go in, and judges what it writes beside its answers.
    func checkHealth() async {
        listenToNoise()
        guard settings.healthCheck else { return }
        let connection = state.withLock { state -> BackendConnection? in
            guard let live = state.live, state.supervisor.state.acceptsCalls, !state.isAsked,
                let last = state.lastAnswer
            else { return nil }
            let isDue = last.duration(to: .now) >= settings.health.interval || state.supervisor.state == .degraded
            state.isAsked = isDue
            return isDue ? live.connection : nil
        }
        guard let connection else { return }
        let isWell = await answersHarmlessly(within: settings.health.patience)
        let link = state.withLock { state -> StdioLink? in
            state.isAsked = false
            if isWell { state.lastAnswer = .now }
            return state.live?.connection === connection ? state.live?.link : nil
        }
        if isWell { return notice(.supervisor(.healthOK)) }
        notice(
            .supervisor(
                .healthMissed(
                    detail: link?.child.isStopped == true ? "process is stopped: state T" : nil,
                    isBusy: connection.isWorking)))
    }

    private func listenToNoise() {
        let (tooMuch, isLive) = state.withLock { state -> (Int?, Bool) in
            guard let connection = state.live?.connection else { return (nil, false) }
            return (state.noise.look(connection.strayMessages, now: .now), true)
        }
        guard isLive else { return }
        let text = tooMuch.map { "it writes what is no message to its output (\($0) lines within a minute)" }
        notice(.supervisor(.impaired(text)))
    }
}
