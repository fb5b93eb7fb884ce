/** Calls those who look elsewhere: two short tones, and a notice of the system. */
export class Signal {
  #audio: AudioContext | null = null

  /** Two short tones. A browser that has not been touched yet stays silent. */
  sound(): void {
    this.#audio ??= new AudioContext()
    void this.#audio.resume()
    const begin = this.#audio.currentTime
    for (const [i, pitch] of [880, 1175].entries()) this.#tone(this.#audio, pitch, begin + 0.18 * i)
  }

  notice(words: string): void {
    if ('Notification' in window && Notification.permission === 'granted') new Notification('hkq', { body: words })
  }

  /** Asks the browser whether notices may be shown. */
  async ask(): Promise<boolean> {
    return 'Notification' in window && (await Notification.requestPermission()) === 'granted'
  }

  #tone(audio: AudioContext, pitch: number, begin: number): void {
    const [oscillator, gain] = [audio.createOscillator(), audio.createGain()]
    oscillator.frequency.value = pitch
    gain.gain.setValueAtTime(0.15, begin)
    gain.gain.exponentialRampToValueAtTime(0.001, begin + 0.16)
    oscillator.connect(gain).connect(audio.destination)
    oscillator.start(begin)
    oscillator.stop(begin + 0.17)
  }
}
