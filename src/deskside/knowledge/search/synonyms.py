"""Words of the field that mean the same, within a language and across languages.

Each line is a group; words are folded as `analysis.fold` does, and compared by their stems.
"""

from __future__ import annotations

from functools import cache

from deskside.knowledge.search.analysis import stems, words

GROUPS = """
    pc, computer, machine, workstation, laptop, postazione, macchina
    settings, configuration, preferences, layout, impostazioni, configurazione, preferenze
    restore, recover, recovery, ripristinare, ripristino, recuperare
    transfer, move, migrate, carry, trasferire, trasferimento, spostare, portare
    copy, clone, copiare
    damaged, corrupt, corrupted, broken, danneggiato, corrotto, rotto
    lost, missing, gone, disappeared, vanished, stolen, perso, smarrito, sparito, rubato
    error, failure, fault, errore, guasto
    failed, fails, unsuccessful, fallito, riuscito
    username, user name, login name, userid, nome utente, utente, user
    login, log in, log on, logon, sign in, signin, access, accesso, accedere, login
    password, passphrase
    device, token, dispositivo
    card, carta, tessera
    dsc, digital security card, carta di sicurezza digitale
    2fa, mfa, two factor, second factor, two step, secondo fattore, due fattori
    secure login system, sls, sistema di accesso sicuro
    share, shared, sharing, condividere, condivisione
    cost, costs, price, fee, charge, charges, costo, costa, costi, prezzo, tariffa
    replacement, substitute, replace, sostituzione, sostituire, sostitutivo
    reactivate, riattivare
    blocked, locked, bloccato, bloccata, chiusa, closed
    allow, whitelist, open, authorise, permit, autorizzare, aprire, consentire
    host, hosts, server, servers, address, addresses, indirizzo, indirizzi
    firewall, packet filter
    port, ports, porta, porte
    proxy, socks
    connect, connection, connecting, connettersi, connessione, collegarsi, collega, collegamento
    office, work, company, corporate, ufficio, azienda
    paper, demo, simulated, simulation, simulazione, paper trading
    live, real, reale
    install, installation, setup, installare, installazione
    unzip, extract, unpack, scompattare, estrarre
    usb, stick, external disk, external storage, chiavetta, disco esterno
    32 bit, 32bit, x86
    mac, macos, osx
    smartphone, phone, mobile, telefono, cellulare
    dangerous, risk, risks, danger, pericolo, rischio, rischi
    invalid, valid, not valid, non valida, valida
    expired, expire, scaduta, scaduto
    reject, rejected, refuse, refused, wrong, rifiutare, rifiutato, rifiuta, respinto, respinta, sbagliato, errato, errati, incorrect, denied, declined
    download, downloading, fetch, scaricare, scaricamento
    trader workstation, tws, platform, piattaforma, trading software, trading program
    client portal, account management, portale clienti, portale, website, web site, site, sito
    ib key, ibkey, mobile authentication
    opt in, opt back in, rejoin, enrol again, enroll again, re enrol, rientrare, iscriversi di nuovo
    opt out, opted out, opting out, leave, give up, uscire, rinunciare, rinuncia, rinunciato
    several, multiple, both, more than one, together, at the same time, simultaneously, in parallel, as well, piu dispositivi, due dispositivi, insieme, contemporaneamente, entrambi, tutti e due
    another user, other user, second user, second user name, second username, another login, altro utente, altro nome utente, secondo nome utente, secondo utente, altro login
    temporary, temp, provisional, bridge, temporaneo, temporanea, provvisorio, provvisoria
    safest, strongest, secure, safe, strong, sicuro, sicura, forte, robusto
    drop, drops, disconnects, disconnect, disconnected, cade, disconnette, disconnessione, disconnessioni
    hotel, airport, guest network, captive portal, wifi, wi fi, wlan, albergo, aeroporto, rete ospiti
    idle, inactive, inactivity, quiet, doing nothing, inattivo, inattivita, non faccio niente, ferma
    timeout, timed out, times out, no response, no answer, nessuna risposta
    program, script, bot, algorithm, application, programma, applicazione
    memory, heap, ram, memoria
    expire, expiry, valid until, validity, scadenza, scade, validita, durata
    update, upgrade, aggiornare, aggiornamento
    undo changes, go back, roll back, previous version, tornare indietro, annullare le modifiche, versione precedente
    chart, charts, watchlist, watchlists, windows, screens, workspace, grafico, grafici, finestre, schermate
    crash, crashed, power cut, blocco improvviso
    button, buttons, key, keys, pulsante, pulsanti, tasto, tasti
    display, screen, schermo
    dead, blank, dark, does not switch on, spento, spenta, non si accende
    code, passcode, codice
    quotes, market data, prices, quotazioni, dati di mercato
    deposit, refund, cauzione, rimborso
    give, hand, hand over, pass on, dare, passare
    list, elenco, lista
    kinds, types, tipi
    battery, batteria, pila
    credentials, creds, credenziali
    stolen, theft, robbed, rubato, furto
    smashed, defective, faulty, washed, dropped, guasto, difettoso
    abroad, travelling, away, trip, holiday, vacation, in viaggio, estero, vacanza, trasferta
    wife, husband, brother, sister, spouse, partner, family, moglie, marito, fratello, sorella, famiglia
    colleague, coworker, teammate, collega
    withdraw, withdrawal, take out, prelevare, prelievo
    limit, limits, ceiling, maximum, limite, limiti, massimale, massimo
    hang, hangs, stuck, freezes, frozen, spinning, appeso, pianta, fermo
    backup, saved copy, salvataggio, copia di sicurezza
    source code, sources, sorgenti, codice sorgente
    checksum, hash, sha256, digest, somma di controllo
    outbound, outgoing, egress, in uscita, uscita
    rule, rules, acl, policy, regola, regole
    inspection, inspect, decryption, intercept, ispezione, ispeziona, decifratura
    zscaler, fortigate, fortinet, palo alto, paloalto, netskope, sophos, checkpoint
    activate, enable, switch on, turn on, attivare, abilitare, accendere
    disable, deactivate, switch off, turn off, disattivare, disabilitare, togliere, spegnere
    send back, return, post, mail, ship, rispedire, restituire, spedire, rimandare, posta
    hot keys, hotkeys, shortcuts, scorciatoie
    layout, workspace, screens, schermate, finestre
    delete, deleted, erased, removed, cancellare, cancellato, eliminato
    empty, blank, brand new, factory, default, vuoto, azzerato, di fabbrica
    reset, resettato, azzerare
    authenticator, authentication device, security device, dispositivo di sicurezza, autenticatore
    old, previous, former, vecchio, precedente
    script, bot, python program, programma, algoritmo
    audit trail, audit log, registro di audit, registro
    guide, manual, instructions, guida, istruzioni
    wait, how long, aspettare, attendere, quanto tempo
    attempts, tries, tentativi
    paper card, code sheet, cardboard card, printed card, code card, tessera stampata, carta codici, carta stampata
    requirements, prerequisites, requisiti
    slow, sluggish, lento, lenta
"""  # noqa: E501 - a line for each group reads best

LONGEST = 4
"""Words of the longest phrase above."""


@cache
def phrases() -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """For each phrase, as stems: the other phrases of its groups, as words."""
    found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for line in filter(None, map(str.strip, GROUPS.splitlines())):
        group = list(dict.fromkeys(tuple(words(phrase)) for phrase in line.split(",")))
        for phrase in group:
            others = [other for other in group if other != phrase]
            for tag in ("en", "it"):
                held = found.setdefault(tuple(stems(phrase, tag)), [])
                held += [other for other in others if other not in held]
    return {phrase: tuple(others) for phrase, others in found.items()}


def others(asked: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The phrases that mean the same as these words, if they are a phrase of the field."""
    known = phrases()
    listed: list[tuple[str, ...]] = []
    for tag in ("en", "it"):
        listed += known.get(tuple(stems(asked, tag)), ())
    return tuple(dict.fromkeys(listed))
