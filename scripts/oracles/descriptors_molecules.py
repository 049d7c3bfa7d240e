"""The molecules of the committed golden file: written down for variety, not taken from a data set."""

WRITTEN = """
C N O S P F Cl Br I B [Na] [Na+] [Cl-] [H][H] [H+] [2H][2H] [He] [Xe] [C] [CH2] [CH3] [O] [OH] [OH-] [NH4+] [Fe] [U] *
[2H]O[2H] [2H]C([2H])([2H])[2H] [13CH4] [14C]#N [18OH2] [15NH3] [H]O[H] [H]C([H])([H])[H] [CH3-] [CH3+] [NH2-] [BH4-] [AlH4-] [SiH4] [PH4+]
CC C=C C#C CCC C1CC1 C1CCC1 CC1CC1 C12CC1C2 C1CC2CCC1C2 C1CC2CCC1CC2 C12C3C4C1C5C2C3C45 C1C2CC3CC1CC(C2)C3 C1CC12CC2 C1CCC2(CC1)CCCC2
c1ccccc1 c1ccncc1 c1cc[nH]c1 c1ccoc1 c1ccsc1 c1c[nH]cn1 c1cscn1 c1cocn1 c1nnn[nH]1 c1ccc2ccccc2c1 c1ccc2cc3ccccc3cc2c1 c1cc2ccc3cccc4ccc(c1)c2c34
C1=CC=CC=CC=C1 c1ccc2[nH]ccc2c1 c1ccc2ncccc2c1 c1cnc2ncncc2n1 [cH-]1cccc1 c1ccc[cH+]cc1 [O-][n+]1ccccc1 C[n+]1ccccc1 c1ccc[se]1 c1cc[te]c1 c1ccpcc1
CO CCO CC(C)O CC(C)(C)O OCC(O)CO OO COC CC(=O)C CC=O C=O O=C=O C=C=O C=C=C N#N N=[N+]=[N-] CN=[N+]=[N-] C=[N+]=[N-] [C-]#[O+] [C-]#N CC#N C[N+]#[C-]
CC(=O)O CC(=O)[O-] CC(=O)OC CC(=O)N CC(=O)NC CC(=O)N(C)C NC(=O)N NC(=N)N CNC(=N)N CC(=O)OC(C)=O CC(=O)Cl CS(=O)(=O)Cl CC(=O)S CC(=S)N CN=C=O CN=C=S CSC#N
CN C[NH3+] CN(C)C C[N+](C)(C)C CNN C=NN CC=NO CN(O)C C[N+](=O)[O-] CON=O CN=O CN=NC C1CN1 C1CO1 C1CS1 O=C1CCN1 O=C1CCO1 O=C1CCCCN1 C1COCCN1 C1CNCCN1
CS CSC CSSC CS(=O)C CS(=O)(=O)C CS(=O)(=O)N NS(=O)(=O)c1ccccc1 CS(=O)(=O)O CS(=O)(=O)[O-] COS(=O)(=O)OC S=C=S O=S=O O=S(=O)=O S1(=O)(=O)CC=CC1
CP(C)C COP(=O)(OC)OC OP(=O)(O)O OP(=O)([O-])OP(=O)(O)O CP(=O)(O)F CC(C)OP(C)(=O)F CCOP(=S)(OCC)Oc1ccc(cc1)[N+](=O)[O-] P(Cl)(Cl)Cl P(Cl)(Cl)(Cl)(Cl)Cl FS(F)(F)(F)(F)F
FC(F)(F)F ClC(Cl)Cl BrCCBr ICI FC(F)(F)c1ccccc1 Clc1ccc(Cl)cc1 Fc1c(F)c(F)c(F)c(F)c1F Brc1ccccc1I OC(=O)C(F)(F)F FC(F)(F)C(F)(F)C(F)(F)F ClC=CCl F/C=C/F F/C=C\\F
OB(O)c1ccccc1 B1OC(C)(C)C(C)(C)O1 C[Si](C)(C)C C[Si](C)(C)O[Si](C)(C)C Cl[Si](Cl)(Cl)Cl C[Ge](C)(C)C C[Sn](C)(C)C C[Pb](C)(C)C C[Hg]C C[As](C)C C[Se]C C[Zn]C C[Al](C)C
[Na+].[Cl-] [K+].[I-] [Ca+2].[Cl-].[Cl-] [Mg+2].[O-]S(=O)(=O)[O-] CC(=O)[O-].[Na+] CC(=O)[O-].CC(=O)[O-].[Ca+2] C[NH3+].[Cl-] O.O.CC(=O)O CCO.CCO.CCO F.F.F.F Cl.CN(C)CCOC(c1ccccc1)c1ccccc1
N[Pt](N)(Cl)Cl [NH3+][Pt-2]([NH3+])(Cl)Cl Cl[Pd]Cl [Fe+2].[cH-]1cccc1.[cH-]1cccc1 O=[Ti]=O O=[Mn](=O)(=O)[O-] O=[Os](=O)(=O)=O [O-][Cr](=O)(=O)O[Cr](=O)(=O)[O-] [Li]CCCC C[Mg]Br
N->[Cu+2]<-N [OH2]->[Fe+3] C[N+]1=CC=CC=C1 [CH2]c1ccccc1 C[CH]C CC([O])=O [O][O] CC(C)(C)N([O])C(C)(C)C C[C]C C=[CH] [CH]=[CH] C$C
* ** *C* *CC* *CC(*)c1ccccc1 *CC(*)C *CC(*)(C)C(=O)OC *CCO* *OC(=O)c1ccc(cc1)C(=O)OCC* *NCCCCCC(=O)* *c1ccc(*)cc1 *N(C)C(=O)O* [*+] [*H] [1*]C [*:1]CC[*:2] C*C
CC(=O)Oc1ccccc1C(=O)O CC(=O)Nc1ccc(O)cc1 CC(C)Cc1ccc(cc1)C(C)C(=O)O Cn1cnc2c1c(=O)n(C)c(=O)n2C CN1CCCC1c1cccnc1 CN1C2CCC1CC(C2)OC(=O)C(CO)c1ccccc1
CN1CCC23C4C1CC5=C2C(=C(C=C5)O)OC3C(C=C4)O CC12CCC3C(C1CCC2O)CCC4=CC(=O)CCC34C CC(C)CCCC(C)C1CCC2C1(CCC3C2CC=C4C3(CCC(C4)O)C)C CC1(C)SC2C(NC(=O)Cc3ccccc3)C(=O)N2C1C(=O)O
CN(C)CCCN1c2ccccc2Sc2ccc(Cl)cc12 CN1CCN(CC1)C1=Nc2cc(Cl)ccc2Nc2ccccc12 CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc12 CNC1(CCCCC1=O)c1ccccc1Cl CC(C)NCC(O)COc1cccc2ccccc12
CCCc1nn(C)c2c1nc([nH]c2=O)-c1cc(ccc1OCC)S(=O)(=O)N1CCN(C)CC1 CC(C)c1c(C(=O)Nc2ccccc2)c(-c2ccccc2)c(-c2ccc(F)cc2)n1CCC(O)CC(O)CC(=O)O COc1ccc2[nH]c(nc2c1)S(=O)Cc1ncc(C)c(OC)c1C
CC1OC(OC2C(O)CC(O)(CC2O)C)CC(O)C1O OCC1OC(O)C(O)C(O)C1O OCC1OC(OC2(CO)OC(CO)C(O)C2O)C(O)C(O)C1O OC1C(O)C(O)C(O)C(O)C1O O=C1O[C@H]([C@@H](O)CO)C(O)=C1O
N[C@@H](C)C(=O)O N[C@H](C)C(=O)O NCC(=O)NCC(=O)O C[C@H](N)C(=O)N[C@@H](CS)C(=O)O N[C@@H](Cc1c[nH]c2ccccc12)C(=O)O NCCCC[C@H](N)C(=O)O NC(=N)NCCC[C@H](N)C(=O)O [NH3+][C@@H](CC([O-])=O)C(=O)[O-]
C/C=C/C C/C=C\\C C/C=C/C=C/C C[C@@H](F)Cl C[C@](F)(Cl)Br OC(=O)/C=C/C(=O)O OC(=O)/C=C\\C(=O)O C[C@H]1CC[C@@H](C)CC1 C/N=N/C CC(/C)=N/O F[C@@](Cl)(Br)I
Nc1ncnc2c1ncn2C1OC(COP(=O)(O)OP(=O)(O)OP(=O)(O)O)C(O)C1O Cc1cn(C2CC(O)C(CO)O2)c(=O)[nH]c1=O Nc1nc2c(ncn2COCCO)c(=O)[nH]1 O=c1[nH]cnc2[nH]ncc12 Nc1ccn(C2OC(CO)C(O)C2(F)F)c(=O)n1
CC1=C(C(=O)C2=C(C1=O)N3CC4C(C3(C2COC(=O)N)OC)N4)N O=C(O)c1cn(C2CC2)c2cc(N3CCNCC3)c(F)cc2c1=O Nc1ccc(cc1)S(=O)(=O)Nc1ccccn1 CC(C)(C)NCC(O)c1ccc(O)c(CO)c1
CCOC(=O)C1=C(COCCN)NC(C)=C(C(=O)OC)C1c1ccccc1Cl CCN(CC)CC(=O)Nc1c(C)cccc1C CCOC(=O)N1CCC(=C2c3ccc(Cl)cc3CCc3cccnc23)CC1 O=C1NC(=O)C(c2ccccc2)(c2ccccc2)N1
CCC1(c2ccccc2)C(=O)NC(=O)NC1=O O=C1CC(=O)NC(=O)N1 O=C1NS(=O)(=O)c2ccccc12 O=C(NC1CCCCC1)NS(=O)(=O)c1ccc(Cl)cc1 NC(=O)N1c2ccccc2C=Cc2ccccc12 CN1CCc2cc3c(cc2C1)OCO3
CC1CCC2C(C)C(=O)OC3OC4(C)CCC1C23OO4 CC1=CC2C(CC1)C(C)(C)Oc1cc(CCCCC)cc(O)c12 CC1=C2C(OC(C)=O)C(=O)C3(C)C(O)CC4OCC4(OC(C)=O)C3C(OC(=O)c3ccccc3)C(O)(CC1OC(=O)C(O)C(NC(=O)c1ccccc1)c1ccccc1)C2(C)C
CCC1OC(=O)C(C)C(OC2CC(C)(OC)C(O)C(C)O2)C(C)C(OC2OC(C)CC(N(C)C)C2O)C(C)(O)CC(C)C(=O)C(C)C(O)C1(C)O C=CC1CN2CCC1CC2C(O)c1ccnc2ccc(OC)cc12 COc1cc2c(cc1OC)C13CCN4CC5=CCOC6CC(=O)N2C1C6C5CC34
c1ccc2c(c1)Oc1ccccc1O2 Clc1cc2Oc3cc(Cl)c(Cl)cc3Oc2cc1Cl ClC(Cl)(Cl)C(c1ccc(Cl)cc1)c1ccc(Cl)cc1 Cc1c(cc(cc1[N+](=O)[O-])[N+](=O)[O-])[N+](=O)[O-] O=[N+]([O-])c1cccc2ccccc12 Nc1ccc(cc1)-c1ccc(N)cc1
c1ccc(cc1)N=Nc1ccccc1 c1ccc(cc1)/C=C/c1ccccc1 O=C1C=CC(=O)C=C1 O=C1C(=O)c2ccccc2C=C1 O=C1c2ccccc2C(=O)c2ccccc12 OC1=C(O)C=C2C(=C1)OC3=CC(=O)C(=CC3=C2C4=CC=CC=C4)O N1C2=CC=CC=C2SC3=C1C=CC4=C3C=CC=C4
CC(C)C1=CC2=C(C)C=CC2=C(C)C=C1 O=c1ccc2ccccc2o1 O=c1cc(-c2ccccc2)oc2ccccc12 Oc1ccc(cc1)C1CC(=O)c2c(O)cc(O)cc2O1 COc1cc(C=O)ccc1O COc1cc(CC=C)ccc1O CC(C)=CCCC(C)=CCO CC1=CCC(CC1)C(C)=C
CC1=C(C(C)(C)CCC1)C=CC(C)=CC=CC(C)=CCO CCCCCCCCC=CCCCCCCCC(=O)O CCCCCC=CCC=CCCCCCCCC(=O)OCC(O)COP(=O)([O-])OCC[N+](C)(C)C CCCCCCCCCCCC[N+](C)(C)Cc1ccccc1 CCCCCCCCCCCCOS(=O)(=O)[O-].[Na+]
C1COCCOCCOCCOCCOCCO1 C1CCCCCCCCCCCCCCCCC1 O=C1CCCCCCCCCCCCCC1 C1CNCCNCCCNCCNC1 c1cc2cc3ccc(cc4ccc(cc5ccc(cc1n2)[nH]5)n4)[nH]3 [Mg+2].c1cc2cc3ccc(cc4ccc(cc5ccc(cc1[n-]2)n5)[n-]4)n3
CC(=O)c1ccccc1O NC(=O)c1ccccc1O OC(=O)c1ccccc1N Oc1ccc(O)cc1 Oc1ccccc1O Nc1ccccc1N CNc1ccccc1 CN(C)c1ccccc1 COc1ccccc1 Cc1ccccc1 CCc1ccccc1 CC(C)(C)c1ccccc1 C#CCN(C)C(C)Cc1ccccc1
CNC(=O)Oc1cccc2ccccc12 CCOC(=O)NC CC(=O)CC(C)=O CCOC(=O)CC#N N#CC(=C)C#N C=CC(=O)OC C=CC=O C=CC=C CC(=C)C=C C1=CCC=CC1 C1=CNC=CC1 CC1=C(C)NC(C)=C(C)C1 CC(O)CNC(C)(C)C OC1CN2CCC1CC2
N=C(CCSCc1csc(N=C(N)N)n1)NS(N)(=O)=O CNC(=NCCSCc1nc[nH]c1C)NC#N CCCCCNC(=N)NN=Cc1c[nH]c2ccc(CO)cc12 [O-]Cl(=O)(=O)=O O=Cl(=O)O [O-][I+]c1ccccc1 CC(=O)OI(OC(C)=O)c1ccccc1 O=[Xe](=O)=O F[Xe]F
C[S+](C)C C[S+]([O-])C C[O+](C)C c1cc[o+]cc1 C[P+](C)(C)C c1ccc(cc1)P(=O)(c1ccccc1)c1ccccc1 N1P(Cl)(Cl)=NP(Cl)(Cl)=NP1(Cl)Cl [N-]=[N+]=Nc1ccccc1 c1ccc(cc1)[N+]#N O=N(=O)c1ccccc1 CN(=O)=O
c1ccc2c(c1)C1c3ccccc3C2c2ccccc21 *Nc1ccc2c(c1)C1c3cc(N*)ccc3C2c2c(N)cccc21 c1ccc2c(c1)Cc1ccccc12 c1ccc2c(c1)C1(c3ccccc32)c2ccccc2-c2ccccc21 C1Cc2ccc(cc2)CCc2ccc1cc2 C1c2ccccc2Cc2ccccc21
"""


def generated():
    yield from ("C" * n for n in (4, 5, 6, 8, 12, 20, 40, 80))
    yield from ("C1" + "C" * (n - 2) + "C1" for n in (5, 6, 7, 8, 12, 30))
    yield from ("CCO" * n for n in (3, 10, 30))
    yield from ("*" + "CC(c1ccccc1)" * n + "*" for n in (2, 6, 15))
    yield from ("C(=O)N" * n for n in (2, 6, 20))
    yield from ("N[C@@H](%s)C(=O)" % side * n + "O" for side, n in (("C", 5), ("CO", 8), ("Cc1ccccc1", 6), ("CC(=O)O", 4), ("CCCNC(N)=N", 3)))
    yield from ("C" + "(C)(C)C" * n for n in (1, 3, 8))
    yield from ("C=" + "CC=" * n + "C" for n in (3, 9))
    yield from ("OC1C(O)C(CO)OC(C1O)" * n + "O" for n in (1, 4))
    yield from ("[Si](C)(C)O" * n for n in (2, 10))
    yield from (".".join(["O"] * n) for n in (2, 12))
    yield "c12c3c4c5c1c6c7c8c2c9c1c3c2c3c4c4c%10c5c5c6c6c7c7c%11c8c9c8c9c1c2c1c2c3c4c3c4c%10c5c5c6c6c7c7c%11c8c8c9c1c1c2c3c2c4c5c6c3c7c8c1c23"


def golden_molecules():
    return list(dict.fromkeys(WRITTEN.split() + list(generated())))
